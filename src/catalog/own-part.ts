import type { Definition } from '../core/definition.ts'
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
  let instances = new Map<string, Instance>()
  let definitions = new Map<string, Definition>()

  return {
    take(part: OwnPart): void {
      const next = new Map(part.instances.map((one) => [instanceKey(prefix, one), one]))
      for (const key of instances.keys()) if (!next.has(key)) lent.set(key, undefined)
      for (const [key, instance] of next) lent.set(key, instance)
      instances = next
      const defined = new Map(part.definitions.map((one) => [definitionKey(prefix, one), one]))
      for (const key of definitions.keys()) if (!defined.has(key)) lent.define(key, undefined)
      for (const [key, one] of defined) if (definitions.get(key) !== one) lent.define(key, one)
      definitions = defined
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
