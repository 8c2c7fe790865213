import { type Catalog, instancesOfCatalog } from '../core/catalog.ts'
import { identityOf, type Instance } from '../core/instance.ts'

/** All instances by identity. */
export function identities(catalog: Catalog | undefined): ReadonlyMap<string, Instance> {
  const all = catalog ? instancesOfCatalog(catalog) : []
  return new Map(all.map((instance) => [identityOf(instance), instance]))
}
