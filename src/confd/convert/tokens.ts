/** A piece of a Go template. Trim marks are kept: nunjucks has the same. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'action'
      readonly inside: string
      readonly left: '-' | ''
      readonly right: '-' | ''
      readonly line: number
    }

const action =
  /\{\{(-(?=\s))?\s*((?:\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\])*"|`[^`]*`|(?!-?\}\})[\s\S])*?)\s*(-)?\}\}/g

/** Takes a Go template apart into text and actions. */
export function piecesOf(source: string): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  for (const { 0: whole, 1: left, 2: inside = '', 3: right, index } of source.matchAll(action)) {
    if (index > at) pieces.push({ kind: 'text', text: source.slice(at, index) })
    at = index + whole.length
    const line = source.slice(0, index).split('\n').length
    const marks = { left: left ? '-' : '', right: right ? '-' : '' } as const
    pieces.push({ kind: 'action', inside: inside.trim(), ...marks, line })
  }
  if (at < source.length) pieces.push({ kind: 'text', text: source.slice(at) })
  return pieces
}

export type Token = {
  readonly kind: 'string' | 'number' | 'name' | 'variable' | 'field' | 'sign'
  readonly text: string
}

const token =
  /\s*(?:("(?:\\.|[^"\\])*"|`[^`]*`)|(-?\d+(?:\.\d+)?)|(\$\w*(?:\.\w+)*)|((?:\.\w+)+|\.)|(\w+)|(:=|[=|(),]))/y

const kinds = ['string', 'number', 'variable', 'field', 'name', 'sign'] as const

/** The words of an action; undefined for what is no word of Go's templates. */
export function tokensOf(inside: string): Token[] | undefined {
  const tokens: Token[] = []
  const rest = inside.trim()
  token.lastIndex = 0
  while (token.lastIndex < rest.length) {
    const match = token.exec(rest)
    if (!match) return undefined
    const at = match.slice(1).findIndex((text) => text !== undefined)
    const kind = kinds[at]
    if (kind) tokens.push({ kind, text: match[at + 1] ?? '' })
  }
  return tokens
}
