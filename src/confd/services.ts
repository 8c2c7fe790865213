import { findService } from '../core/catalog.ts'
import { PortolanError } from '../core/errors.ts'
import type { CatalogView, ServiceView } from './catalog-view.ts'
import type { CatalogRead } from './reads.ts'

/** Thrown when a template asks for a service that was not sent along with its job. */
export class MoreNeeded extends Error {}

/** What templates ask of the catalog. `service` throws `template` unless there is one or a `fallback`. */
export function serviceFunctions({ ids, services, nodes }: CatalogView, read: CatalogRead) {
  const known = new Map(ids.map((id) => [id, []]))
  const viewOf = (id: string): ServiceView => {
    const view = services.get(id)
    if (!view) throw new MoreNeeded()
    return view
  }
  const allServices = () => {
    read.all = true
    return ids.map(viewOf)
  }
  return {
    services: allServices,
    instances: () => allServices().flatMap(({ instances }) => instances),
    nodes: () => {
      read.nodes = true
      return nodes
    },
    service(name: string, fallback?: unknown): unknown {
      read.names.add(name)
      const found = findService(known, name)
      if ('id' in found) return viewOf(found.id)
      const ambiguous = ids.some((id) => id.endsWith(`/${name}`))
      if (fallback !== undefined && !ambiguous) return fallback
      const remedy = ambiguous
        ? ''
        : `; start it, or give a default: service(${JSON.stringify(name)}, {"instances": []})`
      throw new PortolanError('template', `${found.error}${remedy}`)
    },
  }
}
