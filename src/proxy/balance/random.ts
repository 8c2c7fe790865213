import type { Balance } from './rotation.ts'

/** By lot, as often as weights say. */
export function byLot(random: () => number): Balance {
  return ({ members, even }) => {
    if (even) return members[Math.floor(random() * members.length)]
    let total = 0
    for (const { weight } of members) total += weight
    let rest = random() * total
    for (const member of members) if ((rest -= member.weight) < 0) return member
    return members[0]
  }
}
