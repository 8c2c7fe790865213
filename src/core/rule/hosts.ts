import type { Rule } from './ast.ts'
import { literalsOf } from './regex-literals.ts'
import { tailOf } from './regex.ts'

/** Which hosts a rule can match at most; the index of a route table is made of it. */
export type Hosts = {
  readonly exact: ReadonlySet<string>
  /** `example.com`: names that end in `.example.com`. */
  readonly suffixes: ReadonlySet<string>
  /** Names by regular expression: `x.example` for those that are it or end in `.x.example`, empty for any. */
  readonly regexes: ReadonlySet<string>
  /** Of each expression under the empty name the texts that its hosts have in them, if it is known of any. */
  readonly loose: readonly (readonly string[])[]
  /** Any host may match. */
  readonly any: boolean
}

const none: Hosts = {
  exact: new Set(),
  suffixes: new Set(),
  regexes: new Set(),
  loose: [],
  any: false,
}
const all: Hosts = { ...none, any: true }

/** A superset, never less: of `&&` the narrowest part that names hosts, of `||` all parts, of `!` any host. */
export function hostsOf(rule: Rule): Hosts {
  switch (rule.kind) {
    case 'call':
      return union(rule.call.args.map(makers[rule.call.name] ?? (() => all)))
    case 'not':
      return all
    case 'and':
      return rule.rules.map(hostsOf).reduce(narrower)
    case 'or':
      return union(rule.rules.map(hostsOf))
  }
}

const makers: Readonly<Record<string, (value: string) => Hosts>> = {
  Host: named,
  HostSNI: named,
  HostRegexp: expressed,
  HostSNIRegexp: expressed,
}

function named(pattern: string): Hosts {
  if (pattern === '*') return all
  const suffix = /^\*{1,2}\.(.*)$/.exec(pattern)?.[1]
  return suffix === undefined
    ? { ...none, exact: new Set([pattern]) }
    : { ...none, suffixes: new Set([suffix]) }
}

function expressed(pattern: string): Hosts {
  const tail = tailOf(pattern)
  return { ...none, regexes: new Set([tail]), loose: tail === '' ? [literalsOf(pattern)] : [] }
}

function union(parts: readonly Hosts[]): Hosts {
  if (parts.some(({ any }) => any)) return all
  return {
    exact: new Set(parts.flatMap(({ exact }) => [...exact])),
    suffixes: new Set(parts.flatMap(({ suffixes }) => [...suffixes])),
    regexes: new Set(parts.flatMap(({ regexes }) => [...regexes])),
    loose: parts.flatMap(({ loose }) => loose),
    any: false,
  }
}

function narrower(a: Hosts, b: Hosts): Hosts {
  const width = ({ any, regexes, suffixes, exact }: Hosts) =>
    any ? Infinity : regexes.size * 1_000_000 + suffixes.size * 1000 + exact.size
  return width(b) < width(a) ? b : a
}
