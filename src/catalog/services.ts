import { byAge, compare } from '../core/catalog.ts'
import { identityOf, type Instance, serviceId } from '../core/instance.ts'

/**
 * Services from instances that come and go one at a time. Only the services touched since the last `services()`
 * get a new list, so whoever compares lists by identity sees what changed.
 */
export function serviceIndex() {
  const byKey = new Map<string, Instance>()
  const members = new Map<string, Set<string>>()
  const touched = new Set<string>()
  let built: ReadonlyMap<string, readonly Instance[]> = new Map()

  function remove(key: string): void {
    const before = byKey.get(key)
    if (!before) return
    byKey.delete(key)
    members.get(serviceId(before))?.delete(key)
    touched.add(serviceId(before))
  }

  function listOf(id: string): Instance[] {
    const keys = [...(members.get(id) ?? [])]
    return keys.flatMap((key) => byKey.get(key) ?? []).toSorted(byAge)
  }

  return {
    /** Puts `instance` under `key`, or takes away what stands there. */
    set(key: string, instance: Instance | undefined): void {
      if (byKey.get(key) === instance) return
      remove(key)
      if (!instance) return
      byKey.set(key, instance)
      const id = serviceId(instance)
      members.getOrInsertComputed(id, () => new Set()).add(key)
      touched.add(id)
    },
    /** Whether the same run of the same container stands under another key: its node has another name now. */
    hasTwin(key: string, instance: Instance): boolean {
      const identity = identityOf(instance)
      return [...(members.get(serviceId(instance)) ?? [])].some((other) => {
        const found = byKey.get(other)
        return other !== key && found !== undefined && identityOf(found) === identity
      })
    },
    services(): ReadonlyMap<string, readonly Instance[]> {
      if (touched.size === 0) return built
      const next = new Map(built)
      const isNew = [...touched].some((id) => !built.has(id))
      for (const id of touched) {
        const list = listOf(id)
        if (list.length > 0) next.set(id, list)
        else {
          next.delete(id)
          members.delete(id)
        }
      }
      touched.clear()
      built = isNew ? new Map([...next].toSorted(([a], [b]) => compare(a, b))) : next
      return built
    },
  }
}
