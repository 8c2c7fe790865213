import type { Rule } from './ast.ts'

/** Which hosts a rule can match at most; the index of a route table is made of it. */
export type Hosts = {
  readonly exact: ReadonlySet<string>
  /** `example.com`: names that end in `.example.com`. */
  readonly suffixes: ReadonlySet<string>
  /** Any host may match. */
  readonly any: boolean
}

const all: Hosts = { exact: new Set(), suffixes: new Set(), any: true }

/** A superset, never less: of `&&` the narrowest part that names hosts, of `||` all parts, of `!` any host. */
export function hostsOf(rule: Rule): Hosts {
  switch (rule.kind) {
    case 'call':
      return /^Host(Header|SNI)?$/.test(rule.call.name) ? union(rule.call.args.map(named)) : all
    case 'not':
      return all
    case 'and':
      return rule.rules.map(hostsOf).reduce(narrower)
    case 'or':
      return union(rule.rules.map(hostsOf))
  }
}

function named(pattern: string): Hosts {
  if (pattern === '*') return all
  const suffix = /^\*{1,2}\.(.*)$/.exec(pattern)?.[1]
  return {
    exact: new Set(suffix === undefined ? [pattern] : []),
    suffixes: new Set(suffix === undefined ? [] : [suffix]),
    any: false,
  }
}

function union(parts: readonly Hosts[]): Hosts {
  if (parts.some(({ any }) => any)) return all
  return {
    exact: new Set(parts.flatMap(({ exact }) => [...exact])),
    suffixes: new Set(parts.flatMap(({ suffixes }) => [...suffixes])),
    any: false,
  }
}

function narrower(a: Hosts, b: Hosts): Hosts {
  const width = ({ any, suffixes, exact }: Hosts) =>
    any ? Infinity : suffixes.size * 1000 + exact.size
  return width(b) < width(a) ? b : a
}
