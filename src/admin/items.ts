import { type Catalog, instancesOfCatalog } from '../core/catalog.ts'
import { identityOf, type Instance, instanceStates } from '../core/instance.ts'
import { kindOf } from '../core/middleware-kind.ts'
import type { Middleware } from '../core/middleware.ts'

/** What a proxy knows of an instance; a process without a proxy knows nothing. */
export type Reached = {
  readonly inFlight: number
  readonly health: string
  /** `ip:port`; undefined when it can't be reached. */
  readonly address: string | undefined
  /** Why that address, or what stands against any. */
  readonly why: string
  /** Undefined where nobody asks for it. */
  readonly role: { readonly state: string; readonly why: string } | undefined
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
      /** As the items of routes name it. */
      identity: identityOf(instance),
      policy: {
        ...instance.policy,
        probe: withoutLogin(instance.policy.probe),
        health: checkWithoutSecrets(instance.policy.health),
        middlewares: masked(instance.policy.middlewares),
      },
      address: { at: found?.address ?? null, why: found?.why ?? 'no proxy runs here' },
      inFlight: found?.inFlight ?? 0,
      health: found?.health ?? null,
      role: roleOf(found),
    }
  })
}

/** People need to know whether it is the one or the other; what else there is stands in the reason. */
function roleOf(found: Reached | undefined) {
  if (!found?.role) return null
  const { state, why } = found.role
  if (state === 'primary' || state === 'replica') return { is: state, why }
  return { is: state === 'behind' ? 'replica' : 'unknown', why }
}

function withoutLogin(probe: Instance['policy']['probe']): unknown {
  if (!probe) return null
  const { user, passwordFile, ...rest } = probe
  return {
    ...rest,
    ...(user !== undefined && { user: mask }),
    ...(passwordFile !== undefined && { passwordFile: mask }),
  }
}

/** A check may have to log in, too. */
function checkWithoutSecrets(health: Instance['policy']['health']): unknown {
  return health && { ...health, headers: withoutSecrets(health.headers) }
}

const logins = new Set(['basicAuth', 'digestAuth', 'forwardAuth'])
const secretHeader = /authorization|cookie|token|secret|password|api-?key/i
const mask = 'masked'

/** Users, their password hashes, addresses of login servers and secret headers are nobody's business. */
function masked(middlewares: Instance['policy']['middlewares']): Record<string, unknown> {
  return Object.fromEntries(Object.entries(middlewares).map(([name, one]) => [name, shown(one)]))
}

function shown(middleware: Middleware): unknown {
  const kind = kindOf(middleware)
  if (logins.has(kind)) return { [kind]: mask }
  if (!('headers' in middleware)) return middleware
  const { request, response, secureResponse } = middleware.headers
  return {
    headers: {
      request: withoutSecrets(request),
      response: withoutSecrets(response),
      ...(secureResponse && { secureResponse: withoutSecrets(secureResponse) }),
    },
  }
}

function withoutSecrets(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers)
  return Object.fromEntries(entries.map(([k, v]) => [k, secretHeader.test(k) ? mask : v]))
}
