import { badExpression, type Token, tokensOf } from './scan.ts'

/** What an expression can ask for. */
export type Measures = {
  /** Of all requests those that no endpoint answered; 0 to 1. */
  networkErrorRatio(): number
  /** Milliseconds within which `quantile` percent of the requests were answered. */
  latencyAtQuantileMs(quantile: number): number
  /** Answers with a status from `from` up to, but not, `to`, of those from `of` up to, but not, `all`. */
  responseCodeRatio(from: number, to: number, of: number, all: number): number
}

export type Condition = (measures: Measures) => boolean
type Value = (measures: Measures) => number

const functions: Readonly<
  Record<string, { readonly count: number; readonly make: (args: readonly number[]) => Value }>
> = {
  NetworkErrorRatio: { count: 0, make: () => (all) => all.networkErrorRatio() },
  LatencyAtQuantileMS: {
    count: 1,
    make:
      ([quantile = 0]) =>
      (all) =>
        all.latencyAtQuantileMs(quantile),
  },
  ResponseCodeRatio: {
    count: 4,
    make:
      ([from = 0, to = 0, of = 0, all = 0]) =>
      (measures) =>
        measures.responseCodeRatio(from, to, of, all),
  },
}

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
}

const mostDeep = 32

/** Traefik's conditions of a circuit breaker: `&&` binds before `||`. Throws `bad-value`. */
export function conditionOf(text: string): Condition {
  const left = tokensOf(text)

  function take(sign: string): boolean {
    if (left[0]?.text !== sign) return false
    left.shift()
    return true
  }

  function need(sign: string): void {
    if (!take(sign)) throw badExpression(`${said(left[0])} stands where ${sign} should`)
  }

  function either(depth: number): Condition {
    if (depth > mostDeep) throw badExpression('its parentheses are too deep')
    const parts = [both(depth)]
    while (take('||')) parts.push(both(depth))
    return (measures) => parts.some((part) => part(measures))
  }

  function both(depth: number): Condition {
    const parts = [single(depth)]
    while (take('&&')) parts.push(single(depth))
    return (measures) => parts.every((part) => part(measures))
  }

  function single(depth: number): Condition {
    if (take('(')) {
      const inner = either(depth + 1)
      need(')')
      return inner
    }
    const a = value()
    const sign = left.shift()
    const compare =
      sign && Object.hasOwn(comparisons, sign.text) ? comparisons[sign.text] : undefined
    if (!compare) throw badExpression(`${said(sign)} stands where > or < should`)
    const b = value()
    return (measures) => compare(a(measures), b(measures))
  }

  function value(): Value {
    const token = left.shift()
    if (token?.kind === 'number') {
      const number = Number(token.text)
      return () => number
    }
    const known = token && Object.hasOwn(functions, token.text) ? functions[token.text] : undefined
    if (!known) throw badExpression(`${said(token)} is no number and no function`)
    const args = argumentsOf()
    if (args.length === known.count) return known.make(args)
    throw badExpression(`${said(token)} takes ${known.count} numbers, not ${args.length}`)
  }

  function argumentsOf(): number[] {
    need('(')
    const args: number[] = []
    if (take(')')) return args
    do {
      const token = left.shift()
      if (token?.kind !== 'number') throw badExpression(`${said(token)} is no number`)
      args.push(Number(token.text))
    } while (take(','))
    need(')')
    return args
  }

  const condition = either(0)
  if (left.length > 0) throw badExpression(`${said(left[0])} is too much`)
  return condition
}

function said(token: Token | undefined): string {
  return token ? JSON.stringify(token.text) : 'its end'
}
