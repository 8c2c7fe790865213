import { compare } from '../core/catalog.ts'
import type { Problem } from '../core/problems.ts'
import type { TableRoute } from './route.ts'
import type { Placed } from './targets.ts'

/** One route as people see it. */
export type RouteView = {
  readonly name: string
  readonly kind: 'http' | 'tcp'
  readonly rule: string
  readonly entrypoints: readonly string[]
  readonly service: string
  /** Identities. */
  readonly instances: readonly string[]
  readonly source: TableRoute['source']
  readonly problems: readonly Problem[]
}

/** What the proxy knows of one instance. */
export type UpstreamView = {
  readonly inFlight: number
  /** What our own connects found. */
  readonly health: 'ok' | 'refusing'
  /** Where it is reached, and why there; or what stands against it. */
  readonly address: string | undefined
  readonly why: string
}

/** `refuses`: whether the last connect failed. */
export function upstreamView(placed: Placed, inFlight: number, refuses: boolean): UpstreamView {
  const known = { inFlight, health: refuses ? ('refusing' as const) : ('ok' as const) }
  if (!placed.ok) {
    const { what, why, remedy } = placed.problem
    return { ...known, address: undefined, why: `${what}: ${why}; ${remedy}` }
  }
  const { ip, port } = placed.target
  const host = ip.includes(':') ? `[${ip}]` : ip
  return { ...known, address: `${host}:${port}`, why: placed.why }
}

/** The routes of a table, sorted; a rule on several entrypoints is one. */
export function routeViews(routes: readonly TableRoute[]): RouteView[] {
  const sorted = routes.toSorted(
    (a, b) => compare(a.service, b.service) || compare(a.name, b.name) || compare(a.key, b.key),
  )
  const groups = Map.groupBy(
    sorted,
    ({ service, rule, name, tcp }) => `${service} ${name} ${rule} ${tcp === undefined}`,
  )
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (!first) return []
    const { name, rule, service, source, targets } = first
    const kind = first.tcp ? 'tcp' : 'http'
    const entrypoints = group.map(({ entrypoint }) => entrypoint)
    const instances = targets.map(({ identity }) => identity)
    const problems = new Map(
      group.flatMap((route) => route.problems).map((one) => [JSON.stringify(one), one]),
    )
    return {
      name,
      kind,
      rule,
      entrypoints,
      service,
      instances,
      source,
      problems: [...problems.values()],
    }
  })
}
