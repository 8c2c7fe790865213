import { byAge, type Catalog, compare, findService } from '../core/catalog.ts'
import type { Instance } from '../core/instance.ts'
import { defaultPolicy, type Policy } from '../core/policy.ts'
import type { Problem } from '../core/problems.ts'
import type { Endpoint, Route } from '../core/route.ts'
import type { TableRoute } from './route.ts'

/** One service's wish for one rule on one entrypoint, with the instances that have it. */
export type Claim = {
  readonly where: string
  readonly service: string
  readonly entrypoint: string
  readonly source: TableRoute['source']
  readonly route: Route
  readonly policy: Policy
  readonly createdAt: string
  readonly instances: readonly Instance[]
  readonly endpoints: readonly Endpoint[]
}

const aliases: Readonly<Record<string, string>> = { web: 'http', websecure: 'https' }

/** Traefik's usual names of entrypoints are ours too. */
export function entrypointNamed(name: string): string {
  return aliases[name] ?? name
}

/** What the labels of `instances`, all of one service, ask for: the newest container's word where they differ. */
export function claimsOf(service: string, instances: readonly Instance[]): Claim[] {
  const wishes = instances.flatMap((instance) =>
    instance.routes
      .filter(({ kind }) => kind === 'http')
      .flatMap((route) =>
        entrypointsOf(route).map((entrypoint) => ({ instance, route, entrypoint })),
      ),
  )
  const groups = Map.groupBy(
    wishes,
    ({ route, entrypoint }) => `${entrypoint} ${route.rule.trim()}`,
  )
  return [...groups.values()].flatMap((group) => {
    const aged = group.toSorted((a, b) => byAge(a.instance, b.instance))
    const [oldest, newest] = [aged.at(0), aged.at(-1)]
    if (!oldest || !newest) return []
    const { instance, route, entrypoint } = newest
    return {
      where: `container ${instance.name}`,
      service,
      entrypoint,
      source: 'label' as const,
      route,
      policy: instance.policy,
      createdAt: oldest.instance.createdAt,
      instances: [...new Set(group.map((one) => one.instance))],
      endpoints: [],
    }
  })
}

/** What the hand-written routes ask for. They are older than any container. */
export function storedClaims({ services, routes }: Catalog): {
  readonly claims: readonly Claim[]
  readonly problems: readonly Problem[]
} {
  const problems: Problem[] = []
  const claims = [...routes].flatMap(([name, stored]): Claim[] => {
    const where = `key routes/${name}`
    const found = stored.service === undefined ? { id: '-' } : findService(services, stored.service)
    if ('error' in found) problems.push(nobodyThere(where, found.error))
    const id = 'id' in found ? found.id : (stored.service ?? '-')
    const route: Route = { ...stored, name }
    if (route.kind !== 'http') problems.push(otherKind(where, route.kind))
    return entrypointsOf(route).map((entrypoint) => ({
      where,
      service: id,
      entrypoint,
      source: 'store',
      route,
      policy: { ...defaultPolicy, ...stored.policy },
      createdAt: '',
      instances: mainPorts(services.get(id) ?? []),
      endpoints: stored.endpoints ?? [],
    }))
  })
  return { claims: claims.filter(({ route }) => route.kind === 'http'), problems }
}

/** Routes of kinds that are not served here. */
export function otherKinds(instances: readonly Instance[]): Problem[] {
  const wishes = instances.flatMap(({ name, routes }) =>
    routes.filter(({ kind }) => kind !== 'http').map(({ kind }) => ({ name, kind })),
  )
  const unique = Map.groupBy(wishes, ({ name, kind }) => `${name} ${kind}`)
  return [...unique.values()].flatMap(([one]) =>
    one ? [otherKind(`container ${one.name}`, one.kind)] : [],
  )
}

function entrypointsOf({ entrypoints }: Route): string[] {
  return [...new Set(entrypoints.map(entrypointNamed))]
}

/** Of each container the port that its own routes name, else the lowest. */
function mainPorts(instances: readonly Instance[]): Instance[] {
  const containers = Map.groupBy(instances, ({ node, container }) => `${node}/${container}`)
  return [...containers.values()].flatMap((ports) => {
    const routed = ports.filter(({ routes }) => routes.some(({ kind }) => kind === 'http'))
    const sorted = (routed.length > 0 ? routed : ports).toSorted((a, b) => a.port - b.port)
    return sorted.slice(0, 1)
  })
}

/** Oldest first, then by service: the order in which they may have a rule. */
export function bySeniority(a: Claim, b: Claim): number {
  return compare(a.createdAt, b.createdAt) || compare(a.service, b.service)
}

function nobodyThere(where: string, what: string): Problem {
  const remedy = 'start that service, or correct the name'
  return { severity: 'warning', where, what, why: 'the route has nobody to go to', remedy }
}

function otherKind(where: string, kind: string): Problem {
  const what = `${kind} routes are not supported yet`
  return { severity: 'warning', where, what, why: 'only HTTP is routed', remedy: 'wait for it' }
}
