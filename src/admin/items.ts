import { type Catalog, instancesOfCatalog } from '../core/catalog.ts'
import { type Instance, instanceStates } from '../core/instance.ts'

/** What a proxy knows of an instance; a process without a proxy knows nothing. */
export type Reached = {
  readonly inFlight: number
  readonly health: string
  /** `ip:port`; undefined when it can't be reached. */
  readonly address: string | undefined
  /** Why that address, or what stands against any. */
  readonly why: string
}

/** Each service, its ports and nodes, and how many of its instances are in which state. */
export function serviceItems({ services }: Catalog) {
  return [...services].map(([id, instances]) => ({
    id,
    service: instances[0]?.service ?? '',
    project: instances[0]?.project ?? '',
    total: instances.length,
    ...Object.fromEntries(
      instanceStates.map((state) => [state, instances.filter((one) => one.state === state).length]),
    ),
    ports: [...new Set(instances.map(({ port }) => port))],
    nodes: [...new Set(instances.map(({ node }) => node))],
  }))
}

/** Each instance in its stored form, secrets masked, and what the proxy knows of it. */
export function instanceItems(
  catalog: Catalog,
  reached: (instance: Instance) => Reached | undefined,
) {
  return instancesOfCatalog(catalog).map((instance) => {
    const found = reached(instance)
    return {
      ...instance,
      policy: { ...instance.policy, middlewares: masked(instance.policy.middlewares) },
      address: { at: found?.address ?? null, why: found?.why ?? 'no proxy runs here' },
      inFlight: found?.inFlight ?? 0,
      health: found?.health ?? null,
    }
  })
}

const secret = new Set(['basicAuth', 'digestAuth', 'forwardAuth'])

/** Users, their password hashes and addresses of login servers are nobody's business. */
function masked(middlewares: Instance['policy']['middlewares']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(middlewares).map(([name, one]) => {
      const [kind = ''] = Object.keys(one)
      return [name, secret.has(kind) ? { [kind]: 'masked' } : one]
    }),
  )
}
