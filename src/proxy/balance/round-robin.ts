import type { Balance, Member } from './rotation.ts'

/** Each in its turn, as often as its weight says. */
export function roundRobin(): Balance {
  return ({ members }) => smooth(members)
}

/**
 * Smooth weighted round robin, as in nginx: everybody earns its weight, the richest is chosen and pays what all have
 * earned. Weights 5, 1, 1 give a a b a c a a, not a a a a a b c.
 */
export function smooth(members: readonly Member[]): Member | undefined {
  let best: Member | undefined
  let total = 0
  for (const member of members) {
    total += member.weight
    member.credit += member.weight
    if (!best || member.credit > best.credit) best = member
  }
  if (best) best.credit -= total
  return best
}
