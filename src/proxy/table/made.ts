import type { Policy } from '../../core/policy.ts'
import type { Problem } from '../../core/problems.ts'
import type { Exactness } from '../../core/rule/exactness.ts'
import { sharing } from '../../core/sharing.ts'
import type { Claim } from './claims.ts'
import { lean } from './lean.ts'
import { type Served, servedPolicy } from './policies.ts'
import type { Order, RoutePolicy, TableRoute, Target } from './route.ts'
import type { ReadRule } from './rules.ts'
import { fixedTarget, type Standpoint, targetOf } from './targets.ts'
import { tcpPolicy } from './tcp-policy.ts'
import type { TcpTerms } from './tcp-terms.ts'

/** A route, or why there is none. */
export type Made = {
  readonly route: TableRoute | undefined
  readonly problems: readonly Problem[]
}

const sharedOrder = sharing<Order>(1000)
const sharedFixed = sharing<readonly Target[]>(1000)

/** Most routes have the same policy, and then one object of it. */
const routePolicies = new WeakMap<Policy, RoutePolicy>()

function routePolicyOf(policy: Policy): RoutePolicy {
  const { middlewares: _, ...rest } = policy
  return rest
}

/** The route that `claim` asks for, as seen from `standpoint`. Pure. */
export function routeOf(claim: Claim, rule: ReadRule, standpoint: Standpoint): Made {
  const { where, route, service, entrypoint, source } = claim
  if (!rule.ok) return { route: undefined, problems: [badRule(where, rule.error)] }
  const text = route.rule.trim()
  const foreign = route.kind === 'tcp' ? rule.ofHttp : rule.ofTcp
  if (foreign.length > 0) {
    const wrong = foreign.map((name) => foreignMatcher(where, text, name, route.kind))
    return { route: undefined, problems: wrong }
  }
  const { problems: unserved, ...served } = servedOf(claim, rule)
  const { targets, problems: unreachable } = targetsOf(claim, standpoint)
  const problems = lean([...unserved, ...unreachable])
  const { matches, hosts } = rule
  const { priority, name, tls } = route
  return {
    route: {
      key: `${service} ${claim.key}`,
      name,
      rule: text,
      entrypoint,
      service,
      source,
      targets,
      mirrored: targets.some(({ mirror }) => mirror !== null),
      tcp: served.tcp,
      closed: served.closed,
      passHost: served.passHost,
      stripPrefixes: lean(served.stripPrefixes),
      middlewares: lean(served.middlewares),
      policy: routePolicies.getOrInsertComputed(claim.policy, routePolicyOf),
      tls,
      chain: undefined,
      toHttps: route.toHttps === true,
      order: orderOf(priority, text.length, rule, claim.createdAt),
      hosts,
      matches,
      problems,
      slot: 0,
    },
    problems,
  }
}

function orderOf(
  priority: Order['priority'],
  ruleLength: number,
  { pathLength, conditions }: Exactness,
  createdAt: string,
): Order {
  const text = `${priority} ${ruleLength} ${pathLength} ${conditions} ${createdAt}`
  return sharedOrder(text, { priority, ruleLength, pathLength, conditions, createdAt })
}

function servedOf(
  { where, policy, route }: Claim,
  { asksOfTls }: Extract<ReadRule, { ok: true }>,
): Served & { readonly tcp: TcpTerms | undefined } {
  if (route.kind !== 'tcp') {
    return { ...servedPolicy(where, policy, route.middlewares), tcp: undefined }
  }
  const { terms, closed, problems } = tcpPolicy(where, policy, route, asksOfTls)
  const served = servedPolicy(where, policy, [])
  return { ...served, closed, problems: [...problems, ...served.problems], tcp: terms }
}

function targetsOf(
  { instances, endpoints, where, policy, route: { kind } }: Claim,
  standpoint: Standpoint,
): { targets: readonly Target[]; problems: readonly Problem[] } {
  const placed = [
    ...instances.map((instance) => targetOf(instance, standpoint)),
    ...endpoints.map((endpoint) => fixedTarget(endpoint, where, standpoint.own, kind)),
  ]
  const all = placed.flatMap((one) => (one.ok ? [one.target] : []))
  const targets = lean(policy.locality === 'local-only' ? all.filter(({ own }) => own) : all)
  return {
    targets: instances.length === 0 ? sameFixed(targets) : targets,
    problems: lean(placed.flatMap((one) => (one.ok ? [] : [one.problem]))),
  }
}

/** Of fixed addresses nothing is known but what their identity says. */
function sameFixed(targets: readonly Target[]): readonly Target[] {
  return sharedFixed(targets.map(({ identity }) => identity).join(' '), targets)
}

function badRule(where: string, what: string): Problem {
  return { severity: 'error', where, what, why: 'it can not be read', remedy: 'correct the rule' }
}

function foreignMatcher(
  where: string,
  rule: string,
  name: string,
  kind: Claim['route']['kind'],
): Problem {
  const isTcp = kind === 'tcp'
  return {
    severity: 'error',
    where,
    what: `matcher ${name} in rule ${rule} is for ${isTcp ? 'HTTP' : 'TCP'} routes`,
    why: `the route matches no ${isTcp ? 'connection' : 'request'}`,
    remedy: isTcp ? 'use HostSNI, or make it an HTTP route' : 'use Host, or make it a TCP route',
  }
}
