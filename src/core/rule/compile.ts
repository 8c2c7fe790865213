import { callsOf, type Call, type Rule } from './ast.ts'
import { matcherNamed } from './matchers.ts'

/** Whether a request matches. `host` is as `normalHost` gives it, `path` without query. */
export type Predicate = (host: string, path: string) => boolean

const makers: Readonly<Record<string, (value: string) => Predicate>> = {
  Host: hostIs,
  HostHeader: hostIs,
  Path: (value) => (_, path) => path === value,
  // Traefik's meaning: a raw prefix, so /foo matches /foobar
  PathPrefix: (value) => (_, path) => path.startsWith(value),
}

/** Names of the matchers in `rule` that are known, but by which requests can't be matched yet. */
export function unservedIn(rule: Rule): readonly string[] {
  const names = callsOf(rule).map(({ name }) => name)
  return [...new Set(names)].filter((name) => matcherNamed(name)?.served !== true)
}

/** The rule as a function. A matcher of `unservedIn` matches nothing, under a `!` neither. */
export function compileRule(rule: Rule): Predicate {
  const unserved = unservedIn(rule)
  return unserved.length > 0 ? () => false : compiled(rule)
}

function compiled(rule: Rule): Predicate {
  switch (rule.kind) {
    case 'call':
      return anyValue(rule.call)
    case 'not': {
      const inner = compiled(rule.rule)
      return (host, path) => !inner(host, path)
    }
    case 'and': {
      const parts = rule.rules.map(compiled)
      return (host, path) => parts.every((part) => part(host, path))
    }
    case 'or': {
      const parts = rule.rules.map(compiled)
      return (host, path) => parts.some((part) => part(host, path))
    }
  }
}

function anyValue({ name, args }: Call): Predicate {
  const make = makers[name]
  if (!make) return () => false
  const parts = args.map(make)
  const [only] = parts
  if (only && parts.length === 1) return only
  return (host, path) => parts.some((part) => part(host, path))
}

function hostIs(pattern: string): Predicate {
  if (pattern === '*') return () => true
  const depth = pattern.startsWith('**.') ? 2 : pattern.startsWith('*.') ? 1 : 0
  if (depth === 0) return (host) => host === pattern
  const tail = pattern.slice(depth)
  if (depth === 2) return (host) => host.length > tail.length && host.endsWith(tail)
  return (host) =>
    host.length > tail.length &&
    host.endsWith(tail) &&
    !host.slice(0, host.length - tail.length).includes('.')
}
