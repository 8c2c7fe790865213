import type { Rule } from './ast.ts'

/** How much a rule asks of a request at the least. */
export type Exactness = {
  /** Length of the longest path that it names; 0 when a request may match by an alternative that names none. */
  readonly pathLength: number
  readonly conditions: number
}

/** Conditions of `&&` add up; of `||` only one alternative has to hold, so that more of them make no rule more exact. */
export function exactnessOf(rule: Rule): Exactness {
  switch (rule.kind) {
    case 'call': {
      const { name, args } = rule.call
      const lengths = name.startsWith('Path') ? args.map(({ length }) => length) : [0]
      return { pathLength: Math.max(...lengths), conditions: 1 }
    }
    case 'not':
      return exactnessOf(rule.rule)
    case 'and': {
      const parts = rule.rules.map(exactnessOf)
      return {
        pathLength: Math.max(...parts.map(({ pathLength }) => pathLength)),
        conditions: parts.reduce((sum, { conditions }) => sum + conditions, 0),
      }
    }
    case 'or': {
      const parts = rule.rules.map(exactnessOf)
      const lengths = parts.map(({ pathLength }) => pathLength)
      return {
        pathLength: lengths.includes(0) ? 0 : Math.max(...lengths),
        conditions: Math.min(...parts.map(({ conditions }) => conditions)),
      }
    }
  }
}
