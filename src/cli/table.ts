import { stripVTControlCharacters, styleText } from 'node:util'

/** How a cell looks on a terminal. */
export type Tone = Parameters<typeof styleText>[0]

export type Cell = { readonly text: string; readonly tone?: Tone }

/** Aligned columns under a head, with a line feed at the end. Colours only if `colours`. */
export function table(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  colours: boolean,
): string {
  const bold = head.map((text): Cell => ({ text, tone: 'bold' }))
  const all = [bold, ...rows].map((row) => row.map((cell) => ({ ...cell, text: safe(cell.text) })))
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i]?.text.length ?? 0)))
  const lines = all.map((row) =>
    row
      .map((cell, i) => painted(cell, colours) + ' '.repeat((widths[i] ?? 0) - cell.text.length))
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

/** `text` in a tone, if `colours`; whatever would steer a terminal is taken out of it. */
export function paint(text: string, tone: Tone, colours: boolean): string {
  return painted({ text: safe(text), tone }, colours)
}

function painted({ text, tone }: Cell, colours: boolean): string {
  return tone !== undefined && colours ? styleText(tone, text, { validateStream: false }) : text
}

/** Labels come from strangers: nothing in them may steer the terminal or break the line. */
export function safe(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{FFFD}')
}
