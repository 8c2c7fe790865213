/** Why a wait has ended. */
export type Woken = 'look again' | 'full' | 'gone'

/** Requests that wait until somebody can take them. Bounded, in all and for each route. */
export type HoldQueue = {
  readonly size: number
  /** Until the next change, or `ms`, or `gone`; at once when there is no room. */
  wait(key: string, ms: number, gone: AbortSignal): Promise<Woken>
  /** Something changed: everybody looks again, in the order in which they came. */
  wake(): void
}

export type HoldOptions = {
  readonly perRoute?: number
  readonly total?: number
  /** Told the size whenever it changes. */
  readonly sized?: (size: number) => void
}

export function holdQueue(options: HoldOptions = {}): HoldQueue {
  const { perRoute = 1000, total = 10_000, sized = () => {} } = options
  const waiting = new Set<() => void>()
  const counts = new Map<string, number>()
  const add = (key: string, change: number) => {
    const next = (counts.get(key) ?? 0) + change
    if (next > 0) counts.set(key, next)
    else counts.delete(key)
    sized(waiting.size)
  }

  return {
    get size() {
      return waiting.size
    },
    async wait(key, ms, gone) {
      if (gone.aborted) return 'gone'
      if (waiting.size >= total || (counts.get(key) ?? 0) >= perRoute) return 'full'
      const { promise, resolve } = Promise.withResolvers<void>()
      const wake = () => resolve()
      const timer = setTimeout(wake, ms)
      waiting.add(wake)
      add(key, 1)
      gone.addEventListener('abort', wake)
      await promise
      gone.removeEventListener('abort', wake)
      clearTimeout(timer)
      waiting.delete(wake)
      add(key, -1)
      return gone.aborted ? 'gone' : 'look again'
    },
    wake() {
      for (const wake of waiting) wake()
    },
  }
}
