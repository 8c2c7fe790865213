import { messageOf } from '../core/errors.ts'
import type { Rule } from '../core/rule/ast.ts'
import {
  asksOfTls,
  compileRule,
  httpMatchersIn,
  type Predicate,
  tcpMatchersIn,
} from '../core/rule/compile.ts'
import { exactnessOf } from '../core/rule/exactness.ts'
import { hostsOf, type Hosts } from '../core/rule/hosts.ts'
import { parseRule } from '../core/rule/parse.ts'

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

const kept = 50_000

/** Reads each rule once: tables are made anew at each change, and nearly all of their rules were there before. */
export function ruleReader(): RuleReader {
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
  return {
    ok: true,
    matches: compileRule(rule),
    hosts: hostsOf(rule),
    ...exactnessOf(rule),
    ofTcp: shared(tcpMatchersIn(rule)),
    ofHttp: shared(httpMatchersIn(rule)),
    asksOfTls: asksOfTls(rule),
  }
}
