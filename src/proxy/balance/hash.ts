import { hashOf, mixed } from './digest.ts'
import { type Asking, type Balance, loadOf, type Member, type Rotation } from './rotation.ts'

/** What of a request decides; undefined when it hasn't got it. */
export type KeyOf = (asking: Asking) => string | undefined

/** With bounded load nobody has more than this many times its share of what is in flight. */
const bound = 1.25

/**
 * The same key goes to the same endpoint, on every node and in every worker: rendezvous hashing, in which one endpoint
 * more or less moves only the keys that it gets or had. Weighted as in Schindelhauer and Schomaker, "Weighted
 * distributed hash tables" (2005). `bounded`: a busy endpoint's keys go to their second choice, and so on (Mirrokni,
 * Thorup, Zadimoghaddam, 2016). A request without key is `otherwise` balanced.
 */
export function byHash(keyOf: KeyOf, bounded: boolean, otherwise: Balance): Balance {
  return (rotation, asking, nowMs) => {
    const key = keyOf(asking)
    if (key === undefined || key === '') return otherwise(rotation, asking, nowMs)
    return highest(rotation, hashOf(key), bounded ? mostLoad(rotation) : Infinity)
  }
}

function highest({ members, even }: Rotation, key: number, limit: number): Member | undefined {
  let best: Member | undefined
  let highScore = -1
  for (const member of members) {
    if (limit !== Infinity && loadOf(member) >= limit) continue
    const lot = mixed(key ^ member.upstream.hash)
    // with equal weights the order of lots is that of scores
    const score = even ? lot : scoreOf(member, lot)
    if (score <= highScore) continue
    highScore = score
    best = member
  }
  return best
}

function scoreOf({ weight }: Member, lot: number): number {
  return weight / -Math.log((lot + 0.5) / 2 ** 32)
}

function mostLoad({ members }: Rotation): number {
  let [inFlight, weights] = [1, 0]
  for (const { upstream, weight } of members) {
    inFlight += upstream.inFlight
    weights += weight
  }
  return (bound * inFlight) / weights
}
