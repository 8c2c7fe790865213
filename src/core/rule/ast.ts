/** A rule as a tree. `at` is the place in the text, for messages. */
export type Rule =
  | { readonly kind: 'call'; readonly call: Call }
  | { readonly kind: 'not'; readonly rule: Rule }
  | { readonly kind: 'and' | 'or'; readonly rules: readonly Rule[] }

/** One matcher with its arguments; `name` is the spelling of the table, whatever the text had. */
export type Call = {
  readonly name: string
  readonly args: readonly string[]
  readonly at: number
}

/** All calls of a rule, left to right. */
export function callsOf(rule: Rule): readonly Call[] {
  switch (rule.kind) {
    case 'call':
      return [rule.call]
    case 'not':
      return callsOf(rule.rule)
    case 'and':
    case 'or':
      return rule.rules.flatMap(callsOf)
  }
}
