import type { FedRoute } from '../feed.ts'
import type { RoutePolicy, TableRoute } from '../route.ts'
import { ruleReader } from '../rules.ts'

const keptPolicies = 10_000

/** Makes routes of what is fed; rules and policies that were read before are the same objects again. */
export function routeReader(): (fed: FedRoute) => TableRoute | undefined {
  const readRule = ruleReader()
  const policies = new Map<string, RoutePolicy>()

  function readPolicy(text: string): RoutePolicy {
    const known = policies.get(text)
    if (known) return known
    if (policies.size >= keptPolicies) policies.clear()
    const policy: RoutePolicy = JSON.parse(text)
    policies.set(text, policy)
    return policy
  }

  return (fed) => {
    const rule = readRule(fed.rule)
    if (!rule.ok) return undefined
    const { hosts, matches } = rule
    return { ...fed, policy: readPolicy(fed.policy), hosts, matches, problems: [] }
  }
}
