import { badRule } from './bad-rule.ts'
import { unquoted } from './literals.ts'

export type Token = {
  readonly kind: 'name' | 'text' | '(' | ')' | ',' | '!' | '&&' | '||' | 'end'
  /** The value of a literal, the letters of a name, the sign itself. */
  readonly value: string
  readonly at: number
}

const pattern =
  /[ \t\r\n]+|(?<name>[A-Za-z]\w*)|(?<text>`[^`]*`|"(?:[^"\\\n]|\\[^\n])*")|(?<sign>&&|\|\||[(),!])/y

const signs: Readonly<Record<string, Token['kind']>> = {
  '(': '(',
  ')': ')',
  ',': ',',
  '!': '!',
  '&&': '&&',
  '||': '||',
}

/** The tokens of a rule, the last of them `end`. Throws `bad-value` at what is none. */
export function scan(rule: string): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < rule.length) {
    pattern.lastIndex = at
    const found = pattern.exec(rule)
    if (!found) throw badRule(rule, at, ...nonsense(rule[at] ?? ''))
    const { name, text, sign } = found.groups ?? {}
    if (name !== undefined) tokens.push({ kind: 'name', value: name, at })
    if (text !== undefined) tokens.push({ kind: 'text', value: literal(rule, text, at), at })
    if (sign !== undefined) tokens.push({ kind: signs[sign] ?? 'end', value: sign, at })
    at = pattern.lastIndex
  }
  return [...tokens, { kind: 'end', value: 'the end', at }]
}

function literal(rule: string, text: string, at: number): string {
  const value = unquoted(text)
  if (value !== undefined) return value
  throw badRule(rule, at, `${text} has an unknown escape`, 'put the value in backticks')
}

function nonsense(sign: string): [what: string, remedy: string] {
  if (sign === '`' || sign === '"') return ['the quote is not closed', `close it with ${sign}`]
  if (sign === "'") return ['single quotes are no quotes here', 'put the value in backticks']
  if (sign === '&' || sign === '|') return [`a single ${sign}`, `write ${sign}${sign}`]
  return [`${JSON.stringify(sign)} has no meaning here`, 'write matchers such as Host(`a.example`)']
}
