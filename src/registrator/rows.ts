import type { Instance } from '../core/instance.ts'
import type { PlainEntry } from './plain.ts'

/** The instances of one container, each with its entry of the plain tree. */
export type Row = { readonly instance: Instance; readonly plain: PlainEntry | undefined }

/** Instances and their plain entries side by side, in lists of which a change alters few places. */
export function rows() {
  const instances: Instance[] = []
  const plain: (PlainEntry | undefined)[] = []
  const places = new Map<Instance, number>()

  function put(row: Row, at: number): void {
    instances[at] = row.instance
    plain[at] = row.plain
    places.set(row.instance, at)
  }

  /** The last one takes the place. */
  function remove({ instance }: Row): void {
    const at = places.get(instance)
    const [last, entry] = [instances.pop(), plain.pop()]
    places.delete(instance)
    if (at !== undefined && last && last !== instance) put({ instance: last, plain: entry }, at)
  }

  return {
    replace(before: readonly Row[], after: readonly Row[]): void {
      for (const [index, row] of after.entries()) {
        const old = before[index]
        const at = old && places.get(old.instance)
        if (old) places.delete(old.instance)
        put(row, at ?? instances.length)
      }
      for (const row of before.slice(after.length)) remove(row)
    },
    /** Copies, which later changes leave alone. */
    lists: () => ({ instances: instances.slice(), plain: plain.slice() }),
  }
}
