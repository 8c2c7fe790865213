import { normalHost } from '../core/rule/host.ts'
import { plainRequest } from '../core/rule/request.ts'
import type { Probed } from './checks/probing.ts'
import { served } from './checks/roles/states.ts'
import type { CheckState, CheckStates } from './checks/states.ts'
import { normalPath } from './paths.ts'
import { fallbackEntrypoint } from './table/fallbacks.ts'
import { lostLately } from './table/memory.ts'
import type { Own } from './table/own.ts'
import { poolOf } from './table/pools.ts'
import type { TableRoute, Target } from './table/route.ts'
import type { MadeTables } from './table/tables.ts'
import { whyBefore } from './table/why-before.ts'
import { castsOf } from './worker/rotation.ts'

/** A request that somebody might send. `port` undefined: the scheme's own. */
export type Asked = {
  readonly scheme: 'http' | 'https' | 'tcp'
  readonly host: string
  readonly port: number | undefined
  readonly path: string
  /** Without the question mark. */
  readonly query: string
  readonly method: string
}

export type RouteNamed = Pick<TableRoute, 'name' | 'rule' | 'service' | 'source'>

export type RequestExplained = {
  readonly entrypoint: string
  readonly host: string
  readonly path: string
  readonly method: string
  /** The route that it takes. */
  readonly route: RouteNamed | undefined
  /** Other routes that match, and why each of them comes after. */
  readonly others: readonly (RouteNamed & { readonly why: string })[]
  readonly endpoints: readonly EndpointExplained[]
  /** Undefined: what the endpoint answers. */
  readonly status: number | undefined
  readonly why: string
}

export type EndpointExplained = {
  readonly identity: string
  readonly at: string
  readonly state: Target['state']
  readonly weight: number
  /** Whether it may get the request. */
  readonly used: boolean
  /** What our checks say, or which pool it is in, if that matters; else empty. */
  readonly note: string
}

type Verdict = Pick<RequestExplained, 'status' | 'why'>

/** What `tables` would do with a request now, as far as checks decide. Changes nothing. */
export function explainRequest(
  tables: MadeTables,
  checked: Probed,
  listeners: Own['listeners'],
  asked: Asked,
): RequestExplained {
  const entrypoint =
    listeners.find(({ kind, port }) => kind !== 'tcp' && port === asked.port)?.entrypoint ??
    asked.scheme
  const host = normalHost(asked.host)
  const path = normalPath(asked.path)
  const nothing = { entrypoint, host: asked.host, path, method: asked.method, route: undefined }
  const none = { ...nothing, others: [], endpoints: [] }
  if (host === undefined) return { ...none, status: 400, why: 'this is no host name' }
  if (!listeners.some((one) => one.entrypoint === entrypoint)) {
    const open = listeners.map((one) => one.entrypoint).join(', ') || 'none'
    const why = `nobody listens: entrypoint ${entrypoint} is not open here (open: ${open})`
    return { ...none, host, status: undefined, why }
  }
  const parameters = new URLSearchParams(asked.query)
  const seen = plainRequest(host, path, {
    method: asked.method,
    query: (name) => parameters.getAll(name),
  })
  const route = tables.find(entrypoint, seen)?.route
  const request = { ...none, host }
  if (!route) return { ...request, ...unknownTo(tables, host) }
  const others = tables.table.routes.filter(
    (one) =>
      one.entrypoint === entrypoint &&
      one.tcp === undefined &&
      one.key !== route.key &&
      one.matches(seen),
  )
  const used = usedOf(route, checked)
  return {
    ...request,
    route: named(route),
    others: others.map((one) => ({ ...named(one), why: whyBefore(route, one, host) })),
    endpoints: route.targets.map((target) =>
      endpointOf(route, target, used.includes(target), checked),
    ),
    ...verdict(route, used, tables),
  }
}

function unknownTo({ table }: MadeTables, host: string): Verdict {
  if (!table.complete) return { status: 503, why: 'Docker or the store have not been read yet' }
  const sameHost = table.routes.filter(({ hosts }) => hosts.exact.includes(host))
  if (sameHost.length === 0) return { status: 404, why: 'no route has this host' }
  const rules = sameHost.map(({ rule }) => rule).join('; ')
  return { status: 404, why: `routes of this host want something else of a request: ${rules}` }
}

export function verdict(route: TableRoute, used: readonly Target[], tables: MadeTables): Verdict {
  if (route.closed !== undefined)
    return { status: 503, why: `the route is closed: ${route.closed}` }
  const [first] = used
  if (first?.state === 'ready')
    return { status: undefined, why: 'one of the ready endpoints answers' }
  if (first)
    return { status: undefined, why: 'nobody is ready: one of the draining endpoints answers' }
  const fallback = fallbackOf(route, tables)
  if (fallback) {
    return { status: undefined, why: `nobody is ready: its fallback ${fallback.service} answers` }
  }
  if (route.tcp?.role != null && route.targets.length > 0) {
    const why = `nobody is ${route.tcp.role} now: the connection waits up to --hold first`
    return { status: 503, why }
  }
  const unchecked = route.targets.some(({ state }) => state === 'ready')
  const starting = unchecked || route.targets.some(({ state }) => state === 'starting')
  if (starting || lostLately(tables.memory, route.key, performance.now())) {
    const reason = unchecked
      ? 'one has not passed its check yet'
      : starting
        ? 'one is starting'
        : 'the last one has gone less than a minute ago'
    return {
      status: 503,
      why: `nobody is ready, but ${reason}: the request waits up to --hold first`,
    }
  }
  const why =
    route.targets.length === 0 ? 'it has no endpoint that can be reached' : 'no endpoint is ready'
  return { status: 503, why }
}

/** As requests see it, but for what only our own connects and answers tell: stable ones and canaries. */
export function usedOf(
  { targets, tcp }: TableRoute,
  { checks, roleOf }: Probed,
): readonly Target[] {
  const wish = tcp?.role ?? null
  const able = wish === null ? targets : served(wish, targets, ({ identity }) => roleOf(identity))
  const standings = able.map((target) => ({
    target,
    state: target.state,
    weight: target.weight,
    check: stateOf(target, checks),
    over: false,
    refusing: false,
    reachedOnce: true,
    ejectedUntilMs: 0,
  }))
  const byPool = Map.groupBy(standings, ({ target }) => poolOf(target))
  const { stable, canary } = castsOf(byPool.get('stable') ?? [], byPool.get('canary') ?? [])
  return [...stable.rotation, ...canary.rotation].map(({ target }) => target)
}

function fallbackOf(
  { service, policy }: TableRoute,
  { table }: MadeTables,
): TableRoute | undefined {
  if (policy.fallback === null) return undefined
  const entrypoint = fallbackEntrypoint(service, policy.fallback)
  return table.routes.find((one) => one.entrypoint === entrypoint && one.targets.length > 0)
}

function stateOf({ identity, health }: Target, checks: CheckStates): CheckState | undefined {
  return health === null ? undefined : (checks.get(identity) ?? 'unknown')
}

export function named({ name, rule, service, source }: TableRoute): RouteNamed {
  return { name, rule, service, source }
}

export function endpointOf(
  { tcp }: TableRoute,
  target: Target,
  used: boolean,
  { checks, roleOf }: Probed,
): EndpointExplained {
  const { identity, protocol, ip, port, state, weight } = target
  const pool = poolOf(target)
  const host = ip.includes(':') ? `[${ip}]` : ip
  const check = stateOf(target, checks)
  const notes = [
    ...(pool === 'stable' ? [] : [pool]),
    ...(check === 'failing' ? ['its check fails'] : []),
    ...(check === 'unknown' ? ['its check has not passed yet'] : []),
    ...(tcp?.role == null ? [] : [`role ${roleOf(identity)}`]),
  ]
  const at = `${protocol}://${host}:${port}`
  return { identity, at, state, weight, used, note: notes.join(', ') }
}
