/** The leases of an embedded store and the keys that hang on each. */
export type Leases = {
  /** Gives a lease; `ended` is told its keys when it runs out or is revoked. */
  grant(ttlSeconds: number): string
  /** Seconds that it has from now; 0 when there is no such lease. */
  renew(id: string): number
  revoke(id: string): void
  has(id: string): boolean
  /** Notes that `key` hangs on `after` now and on `before` no more; empty names mean no lease. */
  move(key: string, before: string, after: string): void
  close(): void
}

type Held = {
  readonly ttlSeconds: number
  readonly keys: Set<string>
  readonly timer: NodeJS.Timeout
}

/** Timers are monotonic, so a step of the wall clock ends no lease, and they keep no process alive. */
export function createLeases(ended: (keys: ReadonlySet<string>) => void): Leases {
  const all = new Map<string, Held>()
  let given = 0

  const end = (id: string) => {
    const held = all.get(id)
    if (!held) return
    clearTimeout(held.timer)
    all.delete(id)
    ended(held.keys)
  }
  return {
    grant(ttlSeconds) {
      const id = String(++given)
      const timer = setTimeout(end, ttlSeconds * 1000, id).unref()
      all.set(id, { ttlSeconds, keys: new Set(), timer })
      return id
    },
    renew(id) {
      const held = all.get(id)
      held?.timer.refresh()
      return held?.ttlSeconds ?? 0
    },
    revoke: end,
    has: (id) => all.has(id),
    move(key, before, after) {
      if (before === after) return
      all.get(before)?.keys.delete(key)
      all.get(after)?.keys.add(key)
    },
    close() {
      for (const { timer } of all.values()) clearTimeout(timer)
      all.clear()
    },
  }
}
