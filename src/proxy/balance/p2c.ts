import { type Balance, loadOf, type Member, type Rotation } from './rotation.ts'
import { smooth } from './round-robin.ts'

/** A pair to choose from is drawn without an object for it: `second` is left here. */
export type Draw = { first(rotation: Rotation): Member | undefined; second: Member | undefined }

/**
 * Power of two choices on requests in flight for each unit of weight. Ties go to the first of the two, and firsts take
 * turns: an idle pair strictly alternates, and idle endpoints get what their weights say.
 */
export function p2c(random: () => number): Balance {
  const draw = pairs(random)
  return (rotation) => {
    const first = draw.first(rotation)
    const { second } = draw
    return first && second && loadOf(second) < loadOf(first) ? second : first
  }
}

/** The first comes in turn, by weight; its partner by lot. */
export function pairs(random: () => number): Draw {
  let turn = 0
  const draw: Draw = {
    second: undefined,
    first({ members, even }) {
      const count = members.length
      if (turn >= count) turn = 0
      const first = even ? members[turn] : smooth(members)
      const at = even ? turn++ : Math.floor(random() * count)
      const step = count > 2 && even ? 1 + Math.floor(random() * (count - 1)) : 1
      const partner = even || members[at] === first ? (at + step) % count : at
      draw.second = members[partner]
      return first
    },
  }
  return draw
}
