import type { Rule } from './ast.ts'
import { literalsOf } from './regex-literals.ts'
import { tailOf } from './regex.ts'

/** Which hosts a rule can match at most, each once; the index of a route table is made of it. */
export type Hosts = {
  readonly exact: readonly string[]
  /** `example.com`: names that end in `.example.com`. */
  readonly suffixes: readonly string[]
  /** Names by regular expression: `x.example` for those that are it or end in `.x.example`, empty for any. */
  readonly regexes: readonly string[]
  /** Of each expression under the empty name the texts that its hosts have in them, if it is known of any. */
  readonly loose: readonly (readonly string[])[]
  /** Any host may match. */
  readonly any: boolean
}

const nothing: readonly never[] = []
// lists, all empty ones the same: sets take a hundred times as much in each of ten thousand routes
const none: Hosts = {
  exact: nothing,
  suffixes: nothing,
  regexes: nothing,
  loose: nothing,
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
  return suffix === undefined ? { ...none, exact: [pattern] } : { ...none, suffixes: [suffix] }
}

function expressed(pattern: string): Hosts {
  const tail = tailOf(pattern)
  return { ...none, regexes: [tail], loose: tail === '' ? [literalsOf(pattern)] : [] }
}

function union(parts: readonly Hosts[]): Hosts {
  const [only] = parts
  if (only && parts.length === 1) return only
  if (parts.some(({ any }) => any)) return all
  return {
    exact: unique(parts.flatMap(({ exact }) => exact)),
    suffixes: unique(parts.flatMap(({ suffixes }) => suffixes)),
    regexes: unique(parts.flatMap(({ regexes }) => regexes)),
    loose: parts.flatMap(({ loose }) => loose),
    any: false,
  }
}

function unique(names: readonly string[]): readonly string[] {
  return names.length === 0 ? nothing : [...new Set(names)]
}

function narrower(a: Hosts, b: Hosts): Hosts {
  const width = ({ any, regexes, suffixes, exact }: Hosts) =>
    any ? Infinity : regexes.length * 1_000_000 + suffixes.length * 1000 + exact.length
  return width(b) < width(a) ? b : a
}
