export type Timers = Disposable & {
  /** Calls `act` once after `ms`; a timer of the same key that still runs is replaced. */
  set(key: string, ms: number, act: () => void): void
  has(key: string): boolean
  clear(key: string): void
}

/** Timers by key. Disposing ends them all. */
export function keyedTimers(): Timers {
  const timers = new Map<string, NodeJS.Timeout>()
  const clear = (key: string) => {
    clearTimeout(timers.get(key))
    timers.delete(key)
  }
  return {
    set(key, ms, act) {
      clear(key)
      const timer = setTimeout(() => {
        timers.delete(key)
        act()
      }, ms)
      timers.set(key, timer)
    },
    has: (key) => timers.has(key),
    clear,
    [Symbol.dispose]() {
      for (const key of timers.keys()) clear(key)
    },
  }
}
