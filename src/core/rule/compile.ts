import { rangesOf } from '../ranges.ts'
import { callsOf, type Call, type Rule } from './ast.ts'
import { hostRegexOf } from './host-regex.ts'
import { regexOf } from './regex.ts'
import type { RequestView } from './request.ts'

/** Whether a request matches. */
export type Predicate = (request: RequestView) => boolean

type Text = (text: string) => boolean
type Maker = (args: readonly string[]) => Predicate

/** Matchers of several values match any of them. */
const httpMakers: Readonly<Record<string, Maker>> = {
  Host: (args) => any(args, hostMatches),
  HostRegexp: (args) => any(args.map(hostRegexOf), (is) => (request) => is(request.host)),
  Path: (args) => any(args, (path) => (request) => request.path === path),
  // Traefik's meaning: a raw prefix, so /foo matches /foobar
  PathPrefix: (args) => any(args, (path) => (request) => request.path.startsWith(path)),
  PathRegexp: (args) => any(args.map(regexOf), (is) => (request) => is(request.path)),
  Method: (args) => any(args, (method) => (request) => request.method === method.toUpperCase()),
  Header: ([name = '', value]) => header(name, (text) => text === value),
  HeaderRegexp: ([name = '', pattern = '']) => header(name, regexOf(pattern)),
  // with a name alone: the parameter is there, with an empty value
  Query: ([name = '', value = '']) => query(name, (text) => text === value),
  QueryRegexp: ([name = '', pattern = '^$']) => query(name, regexOf(pattern)),
}

const tcpMakers: Readonly<Record<string, Maker>> = {
  HostSNI: (args) => any(args, hostMatches),
  HostSNIRegexp: (args) => any(args.map(hostRegexOf), (is) => (request) => is(request.host)),
  ALPN: (args) => any(args, (name) => (request) => request.alpn?.includes(name) === true),
}

const makers: Readonly<Record<string, Maker>> = {
  ...httpMakers,
  ...tcpMakers,
  ClientIP: (args) => {
    const isIn = rangesOf(args)
    return ({ ip }) => ip !== '' && isIn(ip)
  },
}

/** Names of the matchers in `rule` that are for TCP connections only. */
export function tcpMatchersIn(rule: Rule): readonly string[] {
  return namesIn(rule).filter((name) => Object.hasOwn(tcpMakers, name))
}

/** Names of those that are for HTTP requests only. */
export function httpMatchersIn(rule: Rule): readonly string[] {
  return namesIn(rule).filter((name) => Object.hasOwn(httpMakers, name))
}

/** Whether the rule says something of a TLS client's first message, more than that there is one. */
export function asksOfTls(rule: Rule): boolean {
  return callsOf(rule).some(({ name, args }) =>
    name === 'HostSNI' ? args.some((host) => host !== '*') : Object.hasOwn(tcpMakers, name),
  )
}

function namesIn(rule: Rule): readonly string[] {
  return [...new Set(callsOf(rule).map(({ name }) => name))]
}

/** The rule as a function. Whether its matchers are of one kind is another question. */
export function compileRule(rule: Rule): Predicate {
  switch (rule.kind) {
    case 'call':
      return compiledCall(rule.call)
    case 'not': {
      const inner = compileRule(rule.rule)
      return (request) => !inner(request)
    }
    case 'and': {
      const parts = rule.rules.map(compileRule)
      return (request) => parts.every((part) => part(request))
    }
    case 'or':
      return any(rule.rules.map(compileRule), (part) => part)
  }
}

function compiledCall({ name, args }: Call): Predicate {
  return makers[name]?.(args) ?? (() => false)
}

function any<T>(values: readonly T[], make: (value: T) => Predicate): Predicate {
  const parts = values.map(make)
  const [only] = parts
  if (only && parts.length === 1) return only
  return (request) => parts.some((part) => part(request))
}

function header(name: string, is: Text): Predicate {
  const lower = name.toLowerCase()
  return (request) => request.headers(lower).some(is)
}

function query(name: string, is: Text): Predicate {
  return (request) => request.query(name).some(is)
}

/** Most rules name one host, and there are many: one function for each. */
function hostMatches(pattern: string): Predicate {
  if (pattern === '*') return () => true
  if (!pattern.startsWith('*')) return named(pattern)
  const is = hostIs(pattern)
  return (request) => is(request.host)
}

function named(name: string): Predicate {
  return (request) => request.host === name
}

function hostIs(pattern: string): Text {
  const depth = pattern.startsWith('**.') ? 2 : 1
  const tail = pattern.slice(depth)
  if (depth === 2) return (host) => host.length > tail.length && host.endsWith(tail)
  return (host) =>
    host.length > tail.length &&
    host.endsWith(tail) &&
    !host.slice(0, host.length - tail.length).includes('.')
}
