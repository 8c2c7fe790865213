export type Chance = {
  /** A whole number from 0 to `below` - 1. */
  upTo(below: number): number
  one<T>(list: readonly T[]): T | undefined
  is(share: number): boolean
}

/** Numbers that look random and are the same for the same `seed` (mulberry32). */
export function chance(seed: number): Chance {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const upTo = (below: number) => Math.floor(next() * below)
  return { upTo, one: (list) => list[upTo(list.length)], is: (share) => next() < share }
}
