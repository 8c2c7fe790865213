import { type Balance, loadOf, type Member } from './rotation.ts'

/** The one with the fewest requests in flight for its weight; equals take turns by weight. */
export function least(): Balance {
  return ({ members }) => {
    let lowest = Infinity
    for (const member of members) lowest = Math.min(lowest, loadOf(member))
    return smoothAt(members, lowest)
  }
}

/** Smooth weighted round robin among those with this load: see `smooth`. */
function smoothAt(members: readonly Member[], load: number): Member | undefined {
  let best: Member | undefined
  let total = 0
  for (const member of members) {
    if (loadOf(member) !== load) continue
    total += member.weight
    member.credit += member.weight
    if (!best || member.credit > best.credit) best = member
  }
  if (best) best.credit -= total
  return best
}
