import type { Vantage } from '../core/address.ts'
import type { Catalog } from '../core/catalog.ts'
import type { Problem } from '../core/problems.ts'
import { bySeniority, type Claim, claimsOf, otherKinds, storedClaims } from './claims.ts'
import { indexOf, type RouteIndex } from './match.ts'
import { nobody, type Own } from './own.ts'
import { servedPolicy } from './policies.ts'
import type { TableRoute, Target } from './route.ts'
import { type ReadRule, type RuleReader, ruleReader } from './rules.ts'
import { fixedTarget, type Standpoint, targetOf } from './targets.ts'

/** All routes of one catalog, and the way to find them. Immutable; a request keeps the one it began with. */
export type RouteTable = {
  /** False: what is not here may exist. */
  readonly complete: boolean
  readonly routes: readonly TableRoute[]
  readonly index: RouteIndex
}

export const emptyTable: RouteTable = { complete: false, routes: [], index: new Map() }

/**
 * The routes of `catalog` as seen from `vantage`. Pure: equal input gives an equal table. A route in labels reaches
 * only the instances that declare it. `own` is what must never become a target; `readRule` may be kept over calls.
 */
export function routeTable(
  catalog: Catalog,
  vantage: Vantage,
  own: Own = nobody,
  readRule: RuleReader = ruleReader(),
): { readonly table: RouteTable; readonly problems: readonly Problem[] } {
  const stored = storedClaims(catalog)
  const services = [...catalog.services]
  const claims = [...stored.claims, ...services.flatMap(([id, list]) => claimsOf(id, list))]
  const { granted, refused } = settled(claims)
  const standpoint: Standpoint = { vantage, own, nodes: catalog.nodes }
  const made = granted.map((claim) => routeOf(claim, readRule(claim.route.rule.trim()), standpoint))
  const routes = made.flatMap(({ route }) => (route ? [route] : []))
  const problems = [
    ...stored.problems,
    ...services.flatMap(([, list]) => otherKinds(list)),
    ...refused,
    ...closedEntrypoints(claims, own),
    ...made.flatMap((one) => one.problems),
  ]
  return {
    table: { complete: catalog.complete, routes, index: indexOf(routes) },
    problems: unique(problems),
  }
}

/** Of several services that want the same rule the oldest gets it. */
function settled(claims: readonly Claim[]): { granted: Claim[]; refused: Problem[] } {
  const groups = Map.groupBy(
    claims,
    ({ entrypoint, route }) => `${entrypoint} ${route.rule.trim()}`,
  )
  const granted: Claim[] = []
  const refused: Problem[] = []
  for (const group of groups.values()) {
    const [first, ...others] = group.toSorted(bySeniority)
    if (!first) continue
    granted.push(first)
    refused.push(...others.map((other) => taken(other, first)))
  }
  return { granted, refused }
}

type Made = { readonly route: TableRoute | undefined; readonly problems: readonly Problem[] }

function routeOf(claim: Claim, rule: ReadRule, standpoint: Standpoint): Made {
  const { where, route, service, entrypoint } = claim
  if (!rule.ok) return { route: undefined, problems: [badRule(where, rule.error)] }
  const text = route.rule.trim()
  const served = servedPolicy(where, claim.policy, route.middlewares)
  const { targets, problems: unreachable } = targetsOf(claim, standpoint)
  const unserved = rule.unserved.map((name) => unservedMatcher(where, text, name))
  const problems = [...unserved, ...served.problems, ...unreachable]
  const { matches, hosts, pathLength, conditions } = rule
  const { createdAt } = claim
  const order = {
    priority: route.priority,
    ruleLength: text.length,
    pathLength,
    conditions,
    createdAt,
  }
  const { balance, passHost, stripPrefixes, closed } = served
  return {
    route: {
      key: `${service} ${entrypoint} ${text}`,
      name: route.name,
      rule: text,
      entrypoint,
      service,
      source: claim.source,
      targets,
      closed,
      balance,
      passHost,
      stripPrefixes,
      order,
      hosts,
      matches,
      problems,
    },
    problems,
  }
}

function targetsOf(
  { instances, endpoints, where, policy }: Claim,
  standpoint: Standpoint,
): { targets: readonly Target[]; problems: readonly Problem[] } {
  const placed = [
    ...instances.map((instance) => targetOf(instance, standpoint)),
    ...endpoints.map((endpoint) => fixedTarget(endpoint, where, standpoint.own)),
  ]
  const all = placed.flatMap((one) => (one.ok ? [one.target] : []))
  const near = all.filter(({ own }) => own)
  const nearIsEnough = policy.locality === 'prefer' && near.some(({ state }) => state === 'ready')
  return {
    targets: policy.locality === 'local-only' || nearIsEnough ? near : all,
    problems: placed.flatMap((one) => (one.ok ? [] : [one.problem])),
  }
}

/** A route that stands on none of the entrypoints that are open here. */
function closedEntrypoints(claims: readonly Claim[], { listeners }: Own): Problem[] {
  if (listeners.length === 0) return []
  const open = new Set(listeners.map(({ entrypoint }) => entrypoint))
  const groups = Map.groupBy(claims, ({ where, route }) => `${where} ${route.name} ${route.rule}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (!first || group.some(({ entrypoint }) => open.has(entrypoint))) return []
    const names = group.map(({ entrypoint }) => entrypoint).join(', ')
    return {
      severity: 'warning' as const,
      where: first.where,
      what: `entrypoint ${names} of route ${first.route.name} is not open here`,
      why: `open are ${[...open].join(', ')}`,
      remedy: `open it with --${names.split(',')[0] ?? names}, or name one of those`,
    }
  })
}

function taken(claim: Claim, owner: Claim): Problem {
  return {
    severity: 'error',
    where: claim.where,
    what: `rule ${claim.route.rule} of service ${claim.service} is not used`,
    why: `service ${owner.service} (${owner.where}) has the same rule and is older`,
    remedy: 'give one of them another host or path, or both the same portolan.service',
  }
}

function badRule(where: string, what: string): Problem {
  return { severity: 'error', where, what, why: 'it can not be read', remedy: 'correct the rule' }
}

function unservedMatcher(where: string, rule: string, name: string): Problem {
  const what = `matcher ${name} in rule ${rule} is not supported yet`
  const remedy = 'use Host, Path and PathPrefix'
  return { severity: 'error', where, what, why: 'the route matches no request', remedy }
}

function unique(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((one) => [JSON.stringify(one), one])).values()]
}
