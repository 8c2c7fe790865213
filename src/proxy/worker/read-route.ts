import { messageOf } from '../../core/errors.ts'
import type { FedRoute } from '../feed.ts'
import type { Chains } from '../middleware/chains.ts'
import type { RoutePolicy, TableRoute } from '../route.ts'
import { ruleReader } from '../rules.ts'

const keptPolicies = 10_000

/** Makes routes of what is fed; rules and policies that were read before are the same objects again. */
export function routeReader(chains: Chains): (fed: FedRoute) => TableRoute | undefined {
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
    const policy = readPolicy(fed.policy)
    return { ...fed, policy, hosts, matches, problems: [], ...chainOf(fed, chains) }
  }
}

/** Its middlewares, ready for work; a route that can't have them is closed. */
function chainOf(fed: FedRoute, chains: Chains): Pick<TableRoute, 'chain' | 'closed'> {
  const { closed, stripPrefixes, middlewares } = fed
  if (closed !== undefined || stripPrefixes.length > 0) return { chain: undefined, closed }
  try {
    return { chain: chains.of(fed, middlewares), closed }
  } catch (error) {
    return { chain: undefined, closed: messageOf(error) }
  }
}
