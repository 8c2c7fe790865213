const simple: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}

const escape =
  /\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.?))/gs

/**
 * The value of a Go string literal, quotes included: raw in backticks, interpreted in double quotes. Undefined
 * when an escape is none of Go's.
 */
export function unquoted(literal: string): string | undefined {
  const inner = literal.slice(1, -1)
  // Go drops carriage returns from raw strings (spec, "String literals")
  if (literal.startsWith('`')) return inner.replaceAll('\r', '')
  let good = true
  const text = inner.replaceAll(
    escape,
    (_, letter?: string, x?: string, u?: string, long?: string, octal?: string) => {
      if (letter !== undefined) return simple[letter] ?? ''
      const code =
        octal === undefined ? Number.parseInt(x ?? u ?? long ?? '', 16) : parseInt(octal, 8)
      if (code >= 0 && code <= 0x10_ff_ff) return String.fromCodePoint(code)
      good = false
      return ''
    },
  )
  return good ? text : undefined
}
