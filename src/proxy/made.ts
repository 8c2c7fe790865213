import type { Problem } from '../core/problems.ts'
import type { Claim } from './claims.ts'
import { servedPolicy } from './policies.ts'
import type { TableRoute, Target } from './route.ts'
import type { ReadRule } from './rules.ts'
import { fixedTarget, type Standpoint, targetOf } from './targets.ts'

/** A route, or why there is none. */
export type Made = {
  readonly route: TableRoute | undefined
  readonly problems: readonly Problem[]
}

/** The route that `claim` asks for, as seen from `standpoint`. Pure. */
export function routeOf(claim: Claim, rule: ReadRule, standpoint: Standpoint): Made {
  const { where, route, service, entrypoint, source } = claim
  if (!rule.ok) return { route: undefined, problems: [badRule(where, rule.error)] }
  const text = route.rule.trim()
  const { problems: unserved, ...served } = servedPolicy(where, claim.policy, route.middlewares)
  const { targets, problems: unreachable } = targetsOf(claim, standpoint)
  const foreign = rule.foreign.map((name) => foreignMatcher(where, text, name))
  const problems = [...foreign, ...unserved, ...unreachable]
  const { matches, hosts, pathLength, conditions } = rule
  const { createdAt } = claim
  const { priority, name, tls } = route
  const { middlewares: _, ...policy } = claim.policy
  return {
    route: {
      key: `${service} ${claim.key}`,
      name,
      rule: text,
      entrypoint,
      service,
      source,
      targets,
      ...served,
      policy,
      tls,
      order: { priority, ruleLength: text.length, pathLength, conditions, createdAt },
      hosts,
      matches,
      problems,
      slot: 0,
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
  return {
    targets: policy.locality === 'local-only' ? all.filter(({ own }) => own) : all,
    problems: placed.flatMap((one) => (one.ok ? [] : [one.problem])),
  }
}

function badRule(where: string, what: string): Problem {
  return { severity: 'error', where, what, why: 'it can not be read', remedy: 'correct the rule' }
}

function foreignMatcher(where: string, rule: string, name: string): Problem {
  const what = `matcher ${name} in rule ${rule} is for TCP routes`
  const remedy = 'use Host, or make it a TCP route'
  return { severity: 'error', where, what, why: 'the route matches no request', remedy }
}
