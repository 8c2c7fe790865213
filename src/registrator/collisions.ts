import { byAge } from '../core/catalog.ts'
import type { Instance } from '../core/instance.ts'
import type { Problem } from '../core/problems.ts'

/** Who claims which key of the plain tree: replicas with one SERVICE_ID claim the same, and only one stands there. */
export type Collisions = {
  claim(key: string, instance: Instance): void
  release(key: string, instance: Instance): void
  problems(): Problem[]
}

export function collisions(): Collisions {
  const claims = new Map<string, readonly Instance[]>()
  const contested = new Set<string>()

  function settle(key: string, all: readonly Instance[]): void {
    if (all.length > 0) claims.set(key, all)
    else claims.delete(key)
    if (all.length > 1) contested.add(key)
    else contested.delete(key)
  }

  return {
    claim: (key, instance) => settle(key, [...(claims.get(key) ?? []), instance]),
    release: (key, instance) =>
      settle(
        key,
        (claims.get(key) ?? []).filter((one) => one !== instance),
      ),
    problems: () => [...contested].toSorted().map((key) => collision(key, claims.get(key) ?? [])),
  }
}

function collision(key: string, instances: readonly Instance[]): Problem {
  const names = instances.toSorted(byAge).map(({ name, port }) => `${name}:${port}`)
  return {
    severity: 'warning',
    where: `key ${key}`,
    what: `${instances.length} instances have this key, and only one stands there`,
    why: `${names.join(', ')} were given the same id`,
    remedy: 'remove SERVICE_ID, which replicas share, or give each container its own',
  }
}
