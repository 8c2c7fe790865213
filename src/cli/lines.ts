import { paint, safe, type Tone } from './table.ts'
import { tones } from './views.ts'

/** A name and what is said of it; without a name it goes on with the line before. */
export type Line = { readonly name: string; readonly text: string; readonly tone?: Tone }

const column = 14

/** Names on the left, texts on the right; a line without a text is a heading. */
export function lines(list: readonly Line[], colours: boolean): string {
  const text = list.map(({ name, text: said, tone }) => {
    if (said === '') return paint(name, 'bold', colours)
    const shown = tone === undefined ? safe(said) : paint(said, tone, colours)
    return `  ${safe(name).padEnd(column - 2)}${shown}`
  })
  return `${text.join('\n')}\n`
}

/** Several lines under one name; `state` decides on the colour. */
export function block(
  name: string,
  items: readonly { readonly text: string; readonly state?: string }[],
): Line[] {
  return items.map(({ text, state = '' }, at) => {
    const tone = tones[state]
    return { name: at === 0 ? name : '', text, ...(tone !== undefined && { tone }) }
  })
}
