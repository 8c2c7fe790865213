/** Hands out places in counters by name. */
export type Slots = {
  /** The place of `name`, which keeps it until as many `release`s. */
  hold(name: string): number
  release(name: string): void
  of(name: string): number | undefined
  /** Whether somebody holds it now. */
  isHeld(name: string): boolean
  /** Whoever has a place of its own, or had one until lately. */
  named(): Iterable<readonly [name: string, slot: number]>
}

export type SlotsOptions = {
  /** The first one to hand out, and the one after the last. */
  readonly from: number
  readonly to: number
  /** The place of those for whom none is left. */
  readonly shared: number
  /** How long a place is kept for a name that has released it: a last look is to find the last count. */
  readonly keepMs: number
  /** A place goes to somebody new. */
  readonly clear: (slot: number) => void
  readonly clock: () => number
}

type Held = { readonly slot: number; times: number; freeMs: number }

export function slots(options: SlotsOptions): Slots {
  const { to, shared, keepMs, clear, clock } = options
  const held = new Map<string, Held>()
  /** Released, the longest ago first. */
  const leaving = new Set<string>()
  const free: number[] = []
  let { from: next } = options

  function sweep(): void {
    const nowMs = clock()
    for (const name of leaving) {
      const one = held.get(name)
      if (one && one.freeMs > nowMs) return
      leaving.delete(name)
      held.delete(name)
      if (one && one.slot !== shared) free.push(one.slot)
    }
  }

  /** The longest unused one: a request that began long ago may still count where its service was. */
  function take(): number {
    const slot = next < to ? next++ : free.shift()
    if (slot === undefined) return shared
    clear(slot)
    return slot
  }

  return {
    hold(name) {
      sweep()
      const one = held.getOrInsertComputed(name, () => ({ slot: take(), times: 0, freeMs: 0 }))
      one.times++
      leaving.delete(name)
      return one.slot
    },
    release(name) {
      const one = held.get(name)
      if (!one || --one.times > 0) return
      one.freeMs = clock() + keepMs
      leaving.add(name)
    },
    of: (name) => held.get(name)?.slot,
    isHeld: (name) => (held.get(name)?.times ?? 0) > 0,
    *named() {
      sweep()
      for (const [name, { slot }] of held) if (slot !== shared) yield [name, slot]
    },
  }
}
