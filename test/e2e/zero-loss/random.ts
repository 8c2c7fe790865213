/** Numbers that are the same for the same seed (mulberry32). */
export type Random = {
  /** 0 to under 1. */
  next(): number
  /** A whole number, both ends included. */
  between(from: number, to: number): number
  oneOf<T>(list: readonly T[]): T
  shuffled<T>(list: readonly T[]): T[]
}

export function randomOf(seed: number): Random {
  let state = seed | 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (from: number, to: number) => from + Math.floor(next() * (to - from + 1))

  return {
    next,
    between,
    oneOf(list) {
      const one = list[between(0, list.length - 1)]
      if (one === undefined) throw new Error('nothing to choose from')
      return one
    },
    shuffled(list) {
      const rest = [...list]
      return list.flatMap(() => rest.splice(between(0, rest.length - 1), 1))
    },
  }
}
