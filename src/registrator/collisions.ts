import type { Instance } from '../core/instance.ts'
import type { Problem } from '../core/problems.ts'

type PlainEntry = readonly [key: string, value: string] | undefined

/** Instances that claim the same key of the plain tree: replicas with one SERVICE_ID, above all. Only one stands there. */
export function collisions(
  instances: readonly Instance[],
  plain: readonly PlainEntry[],
): readonly Problem[] {
  const claims = instances.flatMap((instance, at) => {
    const key = plain[at]?.[0]
    return key === undefined ? [] : [{ key, instance }]
  })
  return [...Map.groupBy(claims, ({ key }) => key)].flatMap(([key, all]): Problem[] => {
    if (all.length < 2) return []
    const names = all.map(({ instance: { name, port } }) => `${name}:${port}`).join(', ')
    return [
      {
        severity: 'warning',
        where: `key ${key}`,
        what: `${all.length} instances have this key, and only one stands there`,
        why: `${names} were given the same id`,
        remedy: 'remove SERVICE_ID, which replicas share, or give each container its own',
      },
    ]
  })
}
