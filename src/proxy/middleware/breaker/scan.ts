import { PortolanError } from '../../../core/errors.ts'

export type Token = { readonly kind: 'word' | 'number' | 'sign'; readonly text: string }

const token =
  /\s*(?:(?<word>[A-Za-z_]\w*)|(?<number>\d+(?:\.\d+)?)|(?<sign>&&|\|\||[<>]=?|[!=]=|[(),]))/y

/** The words, numbers and signs of an expression. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  const end = text.trimEnd().length
  token.lastIndex = 0
  while (token.lastIndex < end) {
    const at = token.lastIndex
    const groups = token.exec(text)?.groups
    const found = Object.entries(groups ?? {}).find(([, part]) => part !== undefined)
    if (!found) throw badExpression(`${JSON.stringify(text.slice(at).trim())} can't be read`)
    const [kind, part] = found
    tokens.push({ kind: kind === 'word' || kind === 'number' ? kind : 'sign', text: part })
  }
  return tokens
}

export function badExpression(what: string): PortolanError {
  const remedy =
    'write one such as NetworkErrorRatio() > 0.30 || ResponseCodeRatio(500, 600, 0, 600) > 0.25'
  return new PortolanError('bad-value', `${what}; ${remedy}`)
}
