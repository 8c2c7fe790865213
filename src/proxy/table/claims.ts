import { byAge, type Catalog, compare, findService } from '../../core/catalog.ts'
import type { Instance } from '../../core/instance.ts'
import { defaultPolicy, type Policy } from '../../core/policy.ts'
import type { Problem } from '../../core/problems.ts'
import { type Endpoint, type Route, routeSchema, type StoredRoute } from '../../core/route.ts'
import { fallbackEntrypoint } from './fallbacks.ts'
import { lean } from './lean.ts'
import type { TableRoute } from './route.ts'

/** One service's wish for one rule on one entrypoint, with the instances that have it. */
export type Claim = {
  /** What only one can have: entrypoint and rule. */
  readonly key: string
  readonly where: string
  readonly service: string
  readonly entrypoint: string
  readonly source: TableRoute['source']
  readonly route: Route
  readonly policy: Policy
  /** RFC 3339, of the oldest container; empty for hand-written routes. */
  readonly createdAt: string
  readonly instances: readonly Instance[]
  readonly endpoints: readonly Endpoint[]
}

/** What one service, or one hand-written route, asks for, and what is wrong with that. */
export type Wishes = { readonly claims: readonly Claim[]; readonly problems: readonly Problem[] }

const aliases: Readonly<Record<string, string>> = { web: 'http', websecure: 'https' }

/** Traefik's usual names of entrypoints are ours too. */
export function entrypointNamed(name: string): string {
  return aliases[name] ?? name
}

/** What the labels of `instances`, all of one service, ask for: the newest container's word where they differ. */
export function wishesOf(service: string, instances: readonly Instance[]): Wishes {
  const wishes = instances.flatMap((instance) =>
    instance.routes
      .filter(({ kind }) => kind !== 'udp')
      .flatMap((route) =>
        entrypointsOf(route).map((entrypoint) => ({ instance, route, entrypoint })),
      ),
  )
  const groups = Map.groupBy(wishes, ({ route, entrypoint }) => keyOf(entrypoint, route))
  const claims = [...groups].flatMap(([key, group]): Claim[] => {
    const aged = group.toSorted((a, b) => byAge(a.instance, b.instance))
    const [oldest, newest] = [aged.at(0), aged.at(-1)]
    if (!oldest || !newest) return []
    const { instance, route, entrypoint } = newest
    return [
      {
        key,
        where: `container ${instance.name}`,
        service,
        entrypoint,
        source: route.source,
        route,
        policy: instance.policy,
        createdAt: oldest.instance.createdAt,
        instances: [...new Set(aged.map((one) => one.instance))],
        endpoints: [],
      },
    ]
  })
  return { claims, problems: [...udpRoutes(instances), ...claims.flatMap(disagreements)] }
}

/** The service that a hand-written route leads to, whether it is there or not. */
export function storedService({ service }: StoredRoute, services: Catalog['services']): string {
  if (service === undefined) return '-'
  const found = findService(services, service)
  return 'id' in found ? found.id : service
}

/** What a hand-written route asks for. It is older than any container. */
export function storedWishes(stored: StoredRoute, services: Catalog['services']): Wishes {
  const where = `key routes/${stored.name}`
  const found = stored.service === undefined ? { id: '-' } : findService(services, stored.service)
  const service = storedService(stored, services)
  if (stored.kind === 'udp') return { claims: [], problems: [noUdp(where)] }
  const claims = entrypointsOf(stored).map((entrypoint) => ({
    key: keyOf(entrypoint, stored),
    where,
    service,
    entrypoint,
    source: 'store' as const,
    route: stored,
    policy: stored.policy,
    createdAt: '',
    instances: lean(mainPorts(services.get(service) ?? [], stored.kind)),
    endpoints: stored.endpoints,
  }))
  const problems = 'error' in found ? [nobodyThere(where, found.error)] : []
  return { claims, problems: lean(problems) }
}

/** The endpoints that answer for `asker` when it has nobody: all of service `id`, on an entrypoint that nobody has. */
export function fallbackWishes(
  asker: string,
  fallback: string,
  services: Catalog['services'],
): Wishes & { readonly service: string } {
  const where = `service ${asker}`
  const near = `${asker.slice(0, asker.lastIndexOf('/') + 1)}${fallback}`
  const found = services.has(near) ? { id: near } : findService(services, fallback)
  if ('error' in found) {
    const problem = { ...nobodyThere(where, found.error), why: 'it is to answer as a fallback' }
    return { service: fallback, claims: [], problems: [problem] }
  }
  const entrypoint = fallbackEntrypoint(asker, fallback)
  const route = routeSchema.parse({ name: 'fallback', rule: 'PathPrefix(`/`)' })
  const instances = mainPorts(services.get(found.id) ?? [], 'http')
  const policy = instances.toSorted(byAge).at(-1)?.policy ?? defaultPolicy
  const claim: Claim = {
    key: keyOf(entrypoint, route),
    where,
    service: found.id,
    entrypoint,
    source: 'default',
    route,
    policy: { ...policy, fallback: null },
    createdAt: '',
    instances,
    endpoints: [],
  }
  return { service: found.id, claims: [claim], problems: [] }
}

/** Oldest first, then by service and place: the order in which they may have a rule. */
export function bySeniority(a: Claim, b: Claim): number {
  return (
    compare(a.createdAt, b.createdAt) || compare(a.service, b.service) || compare(a.where, b.where)
  )
}

/** The `key` of the claims that `route` was settled of. */
export function claimKeyOf({ key, service }: Pick<TableRoute, 'key' | 'service'>): string {
  return key.slice(service.length + 1)
}

/** A route of connections and one of requests don't get in each other's way. */
function keyOf(entrypoint: string, { kind, rule }: Route): string {
  return `${kind === 'tcp' ? 'tcp ' : ''}${entrypoint} ${rule.trim()}`
}

/** Containers of one service that say different things of one rule. */
function disagreements({ route, policy, where, service, entrypoint, instances }: Claim): Problem[] {
  const said = JSON.stringify(saidBy(route, policy))
  const others = instances.filter((one) => {
    const theirs = one.routes.find(
      (their) =>
        their.kind === route.kind &&
        their.rule.trim() === route.rule.trim() &&
        entrypointsOf(their).includes(entrypoint),
    )
    const isSame = one.policy === policy && theirs === route
    return theirs && !isSame && JSON.stringify(saidBy(theirs, one.policy)) !== said
  })
  const [other] = others
  if (!other) return []
  return [
    {
      severity: 'note',
      where,
      what: `its labels for rule ${route.rule} are not those of container ${other.name}`,
      why: `both are of service ${service}: the newest container's labels hold for all`,
      remedy: 'recreate the older ones, or give one of them a portolan.service of its own',
    },
  ]
}

/** Canaries and mirrors are told from the others by just that, so these may differ. */
function saidBy({ priority, middlewares, tls, role }: Route, policy: Policy) {
  return [priority, middlewares, tls, role, { ...policy, canary: null, mirror: null }]
}

function udpRoutes(instances: readonly Instance[]): Problem[] {
  const asking = instances.filter(({ routes }) => routes.some(({ kind }) => kind === 'udp'))
  const names = new Set(asking.map(({ name }) => name))
  return [...names].map((name) => noUdp(`container ${name}`))
}

function entrypointsOf({ entrypoints }: Route): string[] {
  return [...new Set(entrypoints.map(entrypointNamed))]
}

/** Of each container the port that its own routes name, else the lowest. */
function mainPorts(instances: readonly Instance[], wanted: Route['kind']): Instance[] {
  const containers = Map.groupBy(instances, ({ node, container }) => `${node}/${container}`)
  return [...containers.values()].flatMap((ports) => {
    const routed = ports.filter(({ routes }) => routes.some(({ kind }) => kind === wanted))
    const sorted = (routed.length > 0 ? routed : ports).toSorted((a, b) => a.port - b.port)
    return sorted.slice(0, 1)
  })
}

function nobodyThere(where: string, what: string): Problem {
  const remedy = 'start that service, or correct the name'
  return { severity: 'warning', where, what, why: 'the route has nobody to go to', remedy }
}

function noUdp(where: string): Problem {
  const what = 'udp routes are not supported yet'
  const why = 'only HTTP and TCP are routed'
  return { severity: 'warning', where, what, why, remedy: 'wait for it' }
}
