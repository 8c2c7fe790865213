import type { Descent } from './answer.ts'

/** Which history of Redis goes on from which, as far as it was seen. */
export type Ancestry = {
  note(descent: Descent): void
  /** Whether `id` goes on from `ancestor`, over however many primaries. */
  descends(id: string, ancestor: string): boolean
}

/** Fail-overs of months. */
const most = 1000

export function ancestry(): Ancestry {
  const parents = new Map<string, string>()
  return {
    note({ id, parent }) {
      if (parents.has(id)) return
      parents.set(id, parent)
      const [oldest] = parents.keys()
      if (parents.size > most && oldest !== undefined) parents.delete(oldest)
    },
    descends(id, ancestor) {
      let at = parents.get(id)
      // nobody is its own ancestor, but anybody can say so
      for (let steps = 0; at !== undefined && steps < most; steps++) {
        if (at === ancestor) return true
        at = parents.get(at)
      }
      return false
    },
  }
}
