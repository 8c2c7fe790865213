import { byAge, compare } from '../core/catalog.ts'
import { identityOf, type Instance, serviceId } from '../core/instance.ts'

/**
 * Services from instances that come and go one at a time. Only the services touched since the last `services()`
 * get a new list, so whoever compares lists by identity sees what changed.
 */
export class ServiceIndex {
  private readonly byKey = new Map<string, Instance>()
  private readonly members = new Map<string, Set<string>>()
  private readonly touched = new Set<string>()
  private built: ReadonlyMap<string, readonly Instance[]> = new Map()

  /** Puts `instance` under `key`, or takes away what stands there. */
  set(key: string, instance: Instance | undefined): void {
    const { byKey, members, touched } = this
    if (byKey.get(key) === instance) return
    this.remove(key)
    if (!instance) return
    byKey.set(key, instance)
    const id = serviceId(instance)
    members.getOrInsertComputed(id, () => new Set()).add(key)
    touched.add(id)
  }

  /** Whether the same run of the same container stands under another key: its node has another name now. */
  hasTwin(key: string, instance: Instance): boolean {
    const identity = identityOf(instance)
    return [...(this.members.get(serviceId(instance)) ?? [])].some((other) => {
      const found = this.byKey.get(other)
      return other !== key && found !== undefined && identityOf(found) === identity
    })
  }

  services(): ReadonlyMap<string, readonly Instance[]> {
    const { touched, built } = this
    if (touched.size === 0) return built
    const next = new Map(built)
    const isNew = [...touched].some((id) => !built.has(id))
    for (const id of touched) {
      const list = this.listOf(id)
      if (list.length > 0) next.set(id, list)
      else {
        next.delete(id)
        this.members.delete(id)
      }
    }
    touched.clear()
    this.built = isNew ? new Map([...next].toSorted(([a], [b]) => compare(a, b))) : next
    return this.built
  }

  private listOf(id: string): Instance[] {
    const keys = [...(this.members.get(id) ?? [])]
    return keys.flatMap((key) => this.byKey.get(key) ?? []).toSorted(byAge)
  }

  private remove(key: string): void {
    const { byKey, members, touched } = this
    const before = byKey.get(key)
    if (!before) return
    byKey.delete(key)
    members.get(serviceId(before))?.delete(key)
    touched.add(serviceId(before))
  }
}
