import { seeded } from '../../registrator/labels-at-random.ts'

/** Choices that are the same for the same seed. */
export type Chance = {
  /** A number below `end`. */
  below(end: number): number
  pick<T>(list: readonly T[]): T
  /** True once in `times`. */
  once(times: number): boolean
}

export function chanceOf(seed: number): Chance {
  const random = seeded(seed)
  const below = (end: number) => Math.floor(random() * end)
  return {
    below,
    pick(list) {
      const found = list[below(list.length)]
      if (found === undefined) throw new RangeError('nothing to pick from')
      return found
    },
    once: (times) => below(times) === 0,
  }
}

/** `text` in one to six pieces. */
export function piecesOf(chance: Chance, text: string): readonly string[] {
  const cuts = Array.from({ length: chance.below(6) }, () => chance.below(text.length + 1))
  const edges = [0, ...cuts.toSorted((a, b) => a - b), text.length]
  return edges.slice(1).map((end, at) => text.slice(edges[at], end))
}

const odd = [
  [
    '\0',
    '\t',
    '\n',
    '\r',
    '\r\n',
    ' ',
    ',',
    ':',
    ';',
    '=',
    '"',
    '\\',
    '/',
    '?',
    '#',
    '%',
    '+',
    '-',
    '_',
    '.',
  ],
  [
    '0',
    '1',
    '9',
    'a',
    'f',
    'x',
    'A',
    'G',
    '\x0b',
    '\x0c',
    '\x1f',
    '\x7f',
    '\x80',
    '\xa0',
    '\xff',
    '\r\n\r\n',
  ],
].flat()

/** A byte or line more, less, or another. */
export function spoiled(chance: Chance, text: string): string {
  const at = chance.below(text.length + 1)
  switch (chance.below(6)) {
    case 0:
      return text.slice(0, at) + chance.pick(odd) + text.slice(at)
    case 1:
      return text.slice(0, at) + chance.pick(odd) + text.slice(at + 1)
    case 2:
      return text.slice(0, at) + text.slice(at + 1 + chance.below(3))
    case 3:
      return text.replace(
        '\r\n',
        chance.pick(['\n', '\r', '\r\r\n', '\n\r', ' \r\n', '\r\n ', '\r\n\t']),
      )
    case 4: {
      const lines = text.split('\r\n')
      const line = chance.below(lines.length)
      return lines
        .toSpliced(line, chance.below(2), lines[chance.below(lines.length)] ?? '')
        .join('\r\n')
    }
    default:
      return text.slice(0, at)
  }
}
