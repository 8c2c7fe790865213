/** What a balance looks at. */
export type Candidate = { readonly weight: number; readonly busy: number }

/** Chooses one of `candidates`, which are never none. It may remember its turns. */
export type Balance = <C extends Candidate>(candidates: readonly C[]) => C | undefined

/**
 * Power of two choices on requests in flight. The two rotate and ties go to the first, so that an idle pair
 * strictly alternates; with more than two the partner is drawn by lot.
 */
function p2c(random: () => number): Balance {
  let turn = 0
  return (candidates) => {
    const count = candidates.length
    const first = candidates[turn++ % count]
    const step = count > 2 ? 1 + Math.floor(random() * (count - 1)) : 1
    const second = candidates[(turn - 1 + step) % count]
    return first && second && load(second) < load(first) ? second : first
  }
}

/** Each in its turn, as often as its weight says (smooth weighted round robin, as in nginx). */
function roundRobin(): Balance {
  let credits: number[] = []
  return (candidates) => {
    if (credits.length !== candidates.length) credits = candidates.map(() => 0)
    const total = candidates.reduce((sum, { weight }) => sum + weight, 0)
    let best = 0
    for (const [at, { weight }] of candidates.entries()) {
      credits[at] = (credits[at] ?? 0) + weight
      if ((credits[at] ?? 0) > (credits[best] ?? 0)) best = at
    }
    credits[best] = (credits[best] ?? 0) - total
    return candidates[best]
  }
}

/** The one with the fewest requests in flight for its weight; ties rotate. */
function least(): Balance {
  let turn = 0
  return (candidates) => {
    const lowest = Math.min(...candidates.map(load))
    const tied = candidates.filter((one) => load(one) === lowest)
    return tied[turn++ % tied.length]
  }
}

function byLot(random: () => number): Balance {
  return (candidates) => {
    let rest = random() * candidates.reduce((sum, { weight }) => sum + weight, 0)
    return candidates.find(({ weight }) => (rest -= weight) < 0) ?? candidates[0]
  }
}

function load({ busy, weight }: Candidate): number {
  return busy / weight
}

/** By the names that labels use. */
export const balances = {
  p2c: (random = Math.random) => p2c(random),
  'round-robin': () => roundRobin(),
  least: () => least(),
  random: (random = Math.random) => byLot(random),
} as const satisfies Record<string, (random?: () => number) => Balance>

export type BalanceName = keyof typeof balances

export function isBalanceName(text: string): text is BalanceName {
  return Object.hasOwn(balances, text)
}
