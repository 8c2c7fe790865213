import { byAge, type Catalog, compare, findService } from '../core/catalog.ts'
import { type Instance, serviceId } from '../core/instance.ts'
import type { NodeRecord } from '../core/keys.ts'
import type { Chosen } from '../core/vantage.ts'
import type { CatalogRead } from './reads.ts'

/** An instance as templates see it; `address` and `ip` are null where it has none for us. */
export type MemberView = {
  readonly service: string
  /** `ip:port`, `[v6]:port`. */
  readonly address: string | null
  readonly ip: string | null
  readonly port: number
} & Pick<
  Instance,
  | 'node'
  | 'name'
  | 'container'
  | 'image'
  | 'ordinal'
  | 'weight'
  | 'tags'
  | 'attributes'
  | 'state'
  | 'protocol'
>

export type ServiceView = {
  readonly id: string
  readonly name: string
  readonly project: string
  /** Ready and with an address for us, oldest container first. */
  readonly instances: readonly MemberView[]
  /** All, in whatever state, by node, ordinal, name and port: an order that a recreated container comes back to. */
  readonly members: readonly MemberView[]
}

export type NodeView = Pick<NodeRecord, 'address' | 'roles' | 'version'> & { readonly name: string }

/** What a render gets of the catalog: all names, and the services that it has read before, or all of them. */
export type CatalogView = {
  readonly ids: readonly string[]
  readonly services: ReadonlyMap<string, ServiceView>
  readonly nodes: readonly NodeView[]
}

export type AddressOf = (instance: Instance) => Chosen

/** The part of `catalog` that `read` names, as templates see it. */
export function viewCatalog(
  { services, nodes }: Catalog,
  read: Pick<CatalogRead, 'names' | 'all'>,
  addressOf: AddressOf,
): CatalogView {
  const ids = [...services.keys()].toSorted(compare)
  return {
    ids,
    services: new Map(
      idsRead(services, read).map((id) => [id, serviceView(id, services.get(id) ?? [], addressOf)]),
    ),
    nodes: [...nodes.values()]
      .map(({ node, address, roles, version }) => ({ name: node, address, roles, version }))
      .toSorted((a, b) => compare(a.name, b.name)),
  }
}

/** Ready instances of what was read that have no address for us, by name. */
export function unreachableIn(
  { services }: Catalog,
  read: Pick<CatalogRead, 'names' | 'all'>,
  addressOf: AddressOf,
): ReadonlyMap<string, Chosen & { readonly ok: false }> {
  const found = new Map<string, Chosen & { readonly ok: false }>()
  for (const id of idsRead(services, read)) {
    for (const instance of services.get(id) ?? []) {
      const chosen = instance.state === 'ready' ? addressOf(instance) : undefined
      if (chosen?.ok === false) found.set(instance.name, chosen)
    }
  }
  return found
}

function idsRead(
  services: Catalog['services'],
  { names, all }: Pick<CatalogRead, 'names' | 'all'>,
): string[] {
  if (all) return [...services.keys()]
  const ids = [...names].flatMap((name) => {
    const found = findService(services, name)
    return 'id' in found ? [found.id] : []
  })
  return [...new Set(ids)]
}

function serviceView(id: string, all: readonly Instance[], addressOf: AddressOf): ServiceView {
  const [project = '-', name = ''] = id.includes('/') ? id.split('/') : ['-', id]
  const views = new Map(all.map((one) => [one, memberView(one, addressOf(one))]))
  const viewsOf = (list: readonly Instance[]) => list.flatMap((one) => views.get(one) ?? [])
  const ready = all.filter(({ state }) => state === 'ready').toSorted(byAge)
  return {
    id,
    name,
    project,
    instances: viewsOf(ready).filter(({ address }) => address !== null),
    members: viewsOf(all.toSorted(byPlace)),
  }
}

function byPlace(a: Instance, b: Instance): number {
  return (
    compare(a.node, b.node) ||
    (a.ordinal ?? 0) - (b.ordinal ?? 0) ||
    compare(a.name, b.name) ||
    a.port - b.port
  )
}

function memberView(instance: Instance, chosen: Chosen): MemberView {
  const { node, name, container, image, ordinal, weight, tags, attributes, state, protocol } =
    instance
  const facts = { node, name, container, image, ordinal, weight, tags, attributes, state, protocol }
  const service = serviceId(instance)
  if (!chosen.ok) return { service, address: null, ip: null, port: instance.port, ...facts }
  const { ip, port } = chosen
  const address = ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
  return { service, address, ip, port, ...facts }
}
