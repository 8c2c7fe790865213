import { compare } from '../core/catalog.ts'
import type { Problem } from '../core/problems.ts'
import type { CheckReport } from './checks/checks.ts'
import type { RoleReport } from './checks/roles/roles.ts'
import type { Condition } from './control/numbers.ts'
import { isFallback } from './table/fallbacks.ts'
import type { TableRoute } from './table/route.ts'
import type { Placed } from './table/targets.ts'

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
  /** What its probe says, if routes want to know. */
  readonly role: RoleReport | undefined
  readonly inFlight: number
  /** What our own connects, answers and checks found: `ok`, or what is wrong. */
  readonly health: string
  /** Where it is reached, and why there; or what stands against it. */
  readonly address: string | undefined
  readonly why: string
}

/** `condition`: what workers found; `check`: what our checks did. */
export function upstreamView(
  placed: Placed,
  inFlight: number,
  condition: Condition,
  check: CheckReport | undefined,
): Omit<UpstreamView, 'role'> {
  const known = { inFlight, health: healthOf(condition, check) }
  if (!placed.ok) {
    const { what, why, remedy } = placed.problem
    return { ...known, address: undefined, why: `${what}: ${why}; ${remedy}` }
  }
  const { ip, port } = placed.target
  const host = ip.includes(':') ? `[${ip}]` : ip
  return { ...known, address: `${host}:${port}`, why: placed.why }
}

function healthOf(condition: Condition, check: CheckReport | undefined): string {
  const why = check?.last?.why ?? 'none was made yet'
  if (check?.state === 'failing') return `failing check: ${why}`
  if (check?.state === 'unknown') return `check not passed yet: ${why}`
  return condition
}

/** The routes of a table, sorted; a rule on several entrypoints is one. */
export function routeViews(routes: readonly TableRoute[]): RouteView[] {
  const sorted = routes
    .filter((one) => !isFallback(one))
    .toSorted(
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
