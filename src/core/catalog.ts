import type { Instance } from './instance.ts'
import type { NodeRecord } from './keys.ts'
import type { StoredRoute } from './route.ts'

/**
 * All that is known now, immutable and whole: this node's instances as the registrator wants them, the other
 * nodes' as the store has them, and the hand-written routes. Equal input gives an equal catalog.
 */
export type Catalog = {
  /** Grows with each change. */
  readonly revision: number
  /**
   * Whether Docker and the store have both been read (or a saved state stands in for the store). Until then what
   * is missing here may exist: an unknown host is answered 503 with Retry-After, not 404.
   */
  readonly complete: boolean
  /** By `serviceId`, sorted; never an empty list. Lists of untouched services keep their identity. */
  readonly services: ReadonlyMap<string, readonly Instance[]>
  /** By name in `routes/<name>`. */
  readonly routes: ReadonlyMap<string, StoredRoute>
  readonly nodes: ReadonlyMap<string, NodeRecord>
}

export const emptyCatalog: Catalog = {
  revision: 0,
  complete: false,
  services: new Map(),
  routes: new Map(),
  nodes: new Map(),
}

/** Oldest container first, then name, then port: an order that no restart of others changes. */
export function byAge(a: Instance, b: Instance): number {
  return (
    compare(a.createdAt, b.createdAt) ||
    compare(a.name, b.name) ||
    compare(a.container, b.container) ||
    a.port - b.port
  )
}

export function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** What `project` asked for as `name`: the global service, else the only project that has one. */
export function findService(
  services: Catalog['services'],
  name: string,
): { readonly id: string } | { readonly error: string } {
  if (services.has(name)) return { id: name }
  const found = [...services.keys()].filter((id) => id.endsWith(`/${name}`))
  const [id] = found
  if (id === undefined) return { error: `there is no service ${JSON.stringify(name)}` }
  if (found.length === 1) return { id }
  return { error: `service ${JSON.stringify(name)} is ambiguous: name one of ${found.join(', ')}` }
}

/** All instances of a catalog, in its order. */
export function instancesOfCatalog({ services }: Catalog): Instance[] {
  return [...services.values()].flat()
}
