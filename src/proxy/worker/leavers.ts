import { mostEndpoints } from '../counters.ts'
import { lesser } from '../feed.ts'
import type { TableRoute, Target } from '../table/route.ts'

/** Endpoints that are known to be less than the routes say that were read before. */
export type Leavers = {
  /** Whether there may be any. */
  readonly some: boolean
  add(pairs: Int32Array): void
  /** The route of `key` has been read: it knows of all who left until now. */
  read(key: string): void
  /** No route is to be read any more. */
  done(): void
  /** `route` without those that left after it was read; undefined if that is none. */
  without(route: TableRoute): TableRoute | undefined
}

export function leavers(): Leavers {
  const left = new Int32Array(mostEndpoints)
  const now = new Uint8Array(mostEndpoints)
  const reads = new Map<string, number>()
  /** How many times somebody has left. */
  let times = 0
  let some = false

  return {
    get some() {
      return some
    },
    add(pairs) {
      times++
      some = true
      for (let at = 0; at < pairs.length; at += 2) {
        const place = pairs[at] ?? 0
        left[place] = times
        now[place] = pairs[at + 1] ?? 0
      }
    },
    read(key) {
      if (some) reads.set(key, times)
    },
    done() {
      if (!some) return
      some = false
      reads.clear()
      left.fill(0)
    },
    without(route) {
      const read = reads.get(route.key) ?? 0
      const leaves = ({ slot }: Target) => slot > 0 && (left[slot] ?? 0) > read
      if (!route.targets.some(leaves)) return undefined
      const targets = route.targets.flatMap((target): Target[] => {
        if (!leaves(target)) return [target]
        const state = lesser[now[target.slot] ?? 0] ?? 'gone'
        return state === 'gone' ? [] : [{ ...target, state }]
      })
      reads.set(route.key, times)
      return { ...route, targets }
    },
  }
}
