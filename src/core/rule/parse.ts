import { didYouMean } from '../suggest.ts'
import { callsOf, type Rule } from './ast.ts'
import { badRule } from './bad-rule.ts'
import { matcherNamed, matcherNames } from './matchers.ts'
import { scan, type Token } from './scan.ts'

const maxLength = 16_384
const maxDepth = 32
const maxCalls = 512

/**
 * Reads a rule of Traefik v3's grammar: matchers, `!` before `&&` before `||`, parentheses, literals in backticks or
 * double quotes. Matchers of several values (v2's ``Host(`a`, `b`)``) match any of them. Throws `bad-value` with rule,
 * position and remedy; at most 16384 characters, 32 levels, 512 matchers.
 */
export function parseRule(text: string): Rule {
  if (text.length > maxLength) {
    throw badRule(
      text,
      maxLength,
      `it has ${text.length} characters`,
      'split it into several routes',
    )
  }
  const rule = parser(text, scan(text))
  const calls = callsOf(rule)
  if (calls.length <= maxCalls) return rule
  throw badRule(text, calls[maxCalls]?.at ?? 0, `more than ${maxCalls} matchers`, 'split the rule')
}

/** Where we are in the tokens of `text`. */
function cursorOf(text: string, tokens: readonly Token[]) {
  const end: Token = { kind: 'end', value: 'the end', at: text.length }
  let next = 0
  const peek = () => tokens[next] ?? end
  const fail = (what: string, remedy: string) => badRule(text, peek().at, what, remedy)

  return {
    fail,
    /** Steps over the next token if it is a `kind`. */
    skip: (kind: Token['kind']) => {
      if (peek().kind !== kind) return false
      next++
      return true
    },
    take: (kind: Token['kind'], remedy: string): Token => {
      const token = peek()
      if (token.kind !== kind) throw fail(`expected ${nameOf(kind)}, found ${shown(token)}`, remedy)
      next++
      return token
    },
    is: (kind: Token['kind']) => peek().kind === kind,
  }
}

/** Recursive descent over the tokens: one function for each level of binding. */
function parser(text: string, tokens: readonly Token[]): Rule {
  const { fail, skip, take, is } = cursorOf(text, tokens)
  let depth = 0

  function list(kind: 'and' | 'or', sign: '&&' | '||', part: () => Rule): Rule {
    const first = part()
    const rules = [first]
    while (skip(sign)) rules.push(part())
    return rules.length === 1 ? first : { kind, rules }
  }

  const or = (): Rule => list('or', '||', and)
  const and = (): Rule => list('and', '&&', unary)

  function unary(): Rule {
    if (++depth > maxDepth) throw fail(`nested deeper than ${maxDepth}`, 'write it flatter')
    const rule: Rule = skip('!') ? { kind: 'not', rule: unary() } : primary()
    depth--
    return rule
  }

  function primary(): Rule {
    if (skip('(')) {
      const rule = or()
      take(')', 'close the parenthesis')
      return rule
    }
    const name = take('name', 'write a matcher such as Host(`a.example`)')
    take('(', `write ${name.value}(…)`)
    const args = values()
    take(')', 'close the parenthesis')
    return call(text, name, args)
  }

  function values(): string[] {
    const args: string[] = []
    if (is(')')) return args
    do args.push(take('text', 'put values in backticks').value)
    while (skip(','))
    return args
  }

  const rule = or()
  take('end', 'join matchers with && or ||')
  return rule
}

function call(text: string, { value, at }: Token, args: readonly string[]): Rule {
  const matcher = matcherNamed(value)
  if (!matcher) {
    const what = `unknown matcher ${value}${didYouMean(value, matcherNames)}`
    throw badRule(text, at, what, `known are ${matcherNames.join(', ')}`)
  }
  const { name, min, max } = matcher
  const wanted = min === max ? `${min}` : `${min} to ${max}`
  if (args.length < min || args.length > max) {
    throw badRule(text, at, `${name} has ${args.length} values`, `it takes ${wanted}`)
  }
  const empty = args.includes('')
  const wrong = empty ? 'an empty value' : args.map(matcher.check).find((one) => one !== undefined)
  if (wrong !== undefined) throw badRule(text, at, `${name}: ${wrong}`, matcher.remedy)
  return { kind: 'call', call: { name, args: args.map(matcher.value), at } }
}

function nameOf(kind: Token['kind']): string {
  if (kind === 'name') return 'a matcher'
  return kind === 'text' ? 'a value in backticks' : kind === 'end' ? 'the end' : kind
}

function shown({ kind, value }: Token): string {
  return kind === 'text' ? JSON.stringify(value) : value
}
