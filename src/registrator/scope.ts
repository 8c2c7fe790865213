/** What the next pass has to look at: everything, or some keys. */
export type Scope = {
  readonly add: (keys: Iterable<string>) => void
  readonly addAll: () => void
  /** What was added since the last time; everything when that was long ago, in case something was missed. */
  take(): 'all' | ReadonlySet<string>
}

/** A timer may fire a moment early. */
const slackMs = 50

export function scope(everyMs: number, clock: () => number = () => performance.now()): Scope {
  let keys = new Set<string>()
  let all = true
  let allAtMs = -Infinity
  return {
    add(more) {
      for (const key of more) keys.add(key)
    },
    addAll() {
      all = true
    },
    take() {
      const taken = keys
      keys = new Set()
      if (!all && clock() < allAtMs + everyMs - slackMs) return taken
      all = false
      allAtMs = clock()
      return 'all'
    },
  }
}
