import { messageOf } from '../../core/errors.ts'
import type { Rule } from '../../core/rule/ast.ts'
import {
  asksOfTls,
  compileRule,
  httpMatchersIn,
  type Predicate,
  tcpMatchersIn,
} from '../../core/rule/compile.ts'
import { exactnessOf } from '../../core/rule/exactness.ts'
import { hostsOf, type Hosts } from '../../core/rule/hosts.ts'
import { parseRule } from '../../core/rule/parse.ts'
import type { TableRoute } from './route.ts'

/** All that a table needs of a rule. */
export type ReadRule =
  | {
      readonly ok: true
      readonly matches: Predicate
      readonly hosts: Hosts
      readonly pathLength: number
      readonly conditions: number
      /** Matchers that only connections, and only requests, can be matched by. */
      readonly ofTcp: readonly string[]
      readonly ofHttp: readonly string[]
      /** It can't be decided about before a TLS client has spoken. */
      readonly asksOfTls: boolean
    }
  | { readonly ok: false; readonly error: string }

export type RuleReader = (text: string) => ReadRule

/** Reads each rule once as long as there are no more than `kept`: many routes have the same, or are read again. */
export function ruleReader(kept = 50_000): RuleReader {
  const known = new Map<string, ReadRule>()
  return (text) => {
    const found = known.get(text)
    if (found) return found
    const fresh = read(text)
    if (known.size >= kept) known.clear()
    known.set(text, fresh)
    return fresh
  }
}

/**
 * What `route`, which was made of it, still knows of its rule; undefined for connections: of these more is asked. What a
 * rule of requests may not have it had not.
 */
export function ruleOf({ tcp, matches, hosts, order }: TableRoute): ReadRule | undefined {
  if (tcp) return undefined
  const { pathLength, conditions } = order
  const nothing = { ofTcp: none, ofHttp: none, asksOfTls: false }
  return { ok: true, matches, hosts, pathLength, conditions, ...nothing }
}

const none: readonly never[] = []
const lists = new Map<string, readonly string[]>()

/** There are few such lists, and many rules with the same. */
function shared(names: readonly string[]): readonly string[] {
  return lists.getOrInsertComputed(names.join(), () => names)
}

function read(text: string): ReadRule {
  let rule: Rule
  try {
    rule = parseRule(text)
  } catch (error) {
    return { ok: false, error: messageOf(error) }
  }
  const { pathLength, conditions } = exactnessOf(rule)
  return {
    ok: true,
    matches: compileRule(rule),
    hosts: hostsOf(rule),
    pathLength,
    conditions,
    ofTcp: shared(tcpMatchersIn(rule)),
    ofHttp: shared(httpMatchersIn(rule)),
    asksOfTls: asksOfTls(rule),
  }
}
