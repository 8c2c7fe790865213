import { longestTimerMs } from '../../core/retry.ts'

/** Requests that wait until somebody can take them. Bounded, in all and for each route. */
export type HoldQueue = {
  readonly size: number
  /**
   * Calls `wake` once: at the next change, or after `ms`. Undefined when there is no room; else how to leave before
   * that.
   */
  wait(key: string, ms: number, wake: () => void): (() => void) | undefined
  /** Something changed: everybody looks again, in the order in which they came. */
  wake(): void
  /** Wakes all, and from now on there is no room for anybody. */
  close(): void
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
  let isClosed = false
  const add = (key: string, change: number) => {
    const next = (counts.get(key) ?? 0) + change
    if (next > 0) counts.set(key, next)
    else counts.delete(key)
    sized(waiting.size)
  }

  const wakeAll = () => {
    // those who wait again do so for the next change
    const all = [...waiting]
    for (const woken of all) woken()
  }

  return {
    get size() {
      return waiting.size
    },
    wait(key, ms, wake) {
      if (isClosed || waiting.size >= total || (counts.get(key) ?? 0) >= perRoute) return undefined
      const leave = () => {
        if (!waiting.delete(woken)) return
        clearTimeout(timer)
        add(key, -1)
      }
      const woken = () => {
        if (!waiting.has(woken)) return
        leave()
        wake()
      }
      const timer = setTimeout(woken, Math.min(ms, longestTimerMs))
      waiting.add(woken)
      add(key, 1)
      return leave
    },
    wake: wakeAll,
    close() {
      isClosed = true
      wakeAll()
    },
  }
}
