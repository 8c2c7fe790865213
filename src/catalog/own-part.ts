import type { Definition } from '../core/definition.ts'
import { listDifference } from '../core/difference.ts'
import type { Instance } from '../core/instance.ts'
import { definitionKey, instanceKey } from '../core/keys.ts'
import type { LentInstances } from './lent.ts'

/** What this node's registrator knows; undefined while Docker has not been read. */
export type OwnPart = {
  readonly node: string
  readonly instances: readonly Instance[]
  readonly definitions: readonly Definition[]
}

/** Puts this node's own part among the instances, straight from its registrator. */
export function ownEntries(prefix: string, lent: LentInstances) {
  const instances = keyed<Instance>(
    (one) => instanceKey(prefix, one),
    (key, one) => lent.set(key, one),
  )
  const definitions = keyed<Definition>(
    (one) => definitionKey(prefix, one),
    (key, one) => lent.define(key, one),
  )

  return {
    take(part: OwnPart): void {
      instances.take(part.instances)
      definitions.take(part.definitions)
    },
    /** The first reading of Docker outdates what the store, or an earlier run, says of this node. */
    dropOthers(isOwn: (key: string) => boolean): void {
      for (const key of lent.keys()) {
        if (isOwn(key) && !instances.has(key)) lent.set(key, undefined)
      }
      for (const key of lent.definitionKeys()) {
        if (isOwn(key) && !definitions.has(key)) lent.define(key, undefined)
      }
    },
  }
}

/** Things by key; of a new list only what is not the same object as before is passed on. */
function keyed<T extends object>(
  keyOf: (one: T) => string,
  put: (key: string, one: T | undefined) => void,
) {
  const byKey = new Map<string, T>()
  let last: readonly T[] = []
  return {
    has: (key: string) => byKey.has(key),
    take(list: readonly T[]): void {
      const { come, gone } = listDifference(last, list)
      last = list
      const fresh = [...come.keys()].map((one) => [keyOf(one), one] as const)
      const again = new Set(fresh.map(([key]) => key))
      for (const one of gone) {
        const key = keyOf(one)
        if (again.has(key)) continue
        byKey.delete(key)
        put(key, undefined)
      }
      for (const [key, one] of fresh) {
        byKey.set(key, one)
        put(key, one)
      }
    },
  }
}
