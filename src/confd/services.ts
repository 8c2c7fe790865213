import { type Chosen } from '../core/address.ts'
import { byAge, type Catalog, findService } from '../core/catalog.ts'
import { PortolanError } from '../core/errors.ts'
import { type Instance, serviceId } from '../core/instance.ts'

/** An instance as templates see it: ready, and reachable at `address`. */
export type InstanceView = {
  readonly service: string
  /** `ip:port`, `[v6]:port`. */
  readonly address: string
  readonly ip: string
  readonly port: number
} & Pick<
  Instance,
  'node' | 'name' | 'ordinal' | 'weight' | 'tags' | 'attributes' | 'state' | 'protocol'
>

export type ServiceView = {
  readonly id: string
  readonly name: string
  readonly project: string
  /** Oldest container first. */
  readonly instances: readonly InstanceView[]
}

export type ServiceOptions = {
  readonly catalog: Catalog
  readonly addressOf: (instance: Instance) => Chosen
  /** Told of each ready instance that has no address for us, and is left out for that. */
  readonly onUnreachable: (instance: Instance, chosen: Chosen & { readonly ok: false }) => void
}

/** What templates ask of the catalog. `service` throws `template` unless there is one or a `fallback`. */
export function serviceFunctions({ catalog, addressOf, onUnreachable }: ServiceOptions) {
  const { services } = catalog
  const viewOf = (instance: Instance): InstanceView[] => {
    const chosen = addressOf(instance)
    if (chosen.ok) return [instanceView(instance, chosen.ip, chosen.port)]
    onUnreachable(instance, chosen)
    return []
  }
  const serviceView = (id: string): ServiceView => {
    const all = services.get(id) ?? []
    const [project = '-', name = ''] = id.includes('/') ? id.split('/') : ['-', id]
    const ready = all.filter(({ state }) => state === 'ready').toSorted(byAge)
    return { id, name, project, instances: ready.flatMap(viewOf) }
  }
  const allServices = () => [...services.keys()].toSorted().map(serviceView)
  return {
    services: allServices,
    instances: () => allServices().flatMap(({ instances }) => instances),
    service(name: string, fallback?: unknown): unknown {
      const found = findService(services, name)
      if ('id' in found) return serviceView(found.id)
      const ambiguous = services.keys().some((id) => id.endsWith(`/${name}`))
      if (fallback !== undefined && !ambiguous) return fallback
      const remedy = ambiguous
        ? ''
        : `; start it, or give a default: service(${JSON.stringify(name)}, {"instances": []})`
      throw new PortolanError('template', `${found.error}${remedy}`)
    },
  }
}

function instanceView(instance: Instance, ip: string, port: number): InstanceView {
  const { node, name, ordinal, weight, tags, attributes, state, protocol } = instance
  const facts = { node, name, ordinal, weight, tags, attributes, state, protocol }
  const address = ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
  return { service: serviceId(instance), address, ip, port, ...facts }
}
