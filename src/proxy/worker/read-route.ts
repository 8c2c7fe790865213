import { messageOf } from '../../core/errors.ts'
import type { FedRoute } from '../feed.ts'
import type { Chains } from '../middleware/chains.ts'
import { lean } from '../table/lean.ts'
import type { RoutePolicy, TableRoute, Target } from '../table/route.ts'
import { ruleReader } from '../table/rules.ts'

const keptPolicies = 10_000
const keptStrings = 20_000
const none: readonly never[] = []
const sources = { label: 'label', store: 'store', default: 'default' } as const
const protocols = { http: 'http', https: 'https', h2c: 'h2c' } as const
const states = {
  starting: 'starting',
  ready: 'ready',
  unhealthy: 'unhealthy',
  draining: 'draining',
} as const

/** Makes routes of what is fed; rules and policies that were read before are the same objects again. */
export function routeReader(chains: Chains): (fed: FedRoute) => TableRoute | undefined {
  const readRule = ruleReader()
  const policies = new Map<string, RoutePolicy>()
  const strings = new Map<string, string>()

  function readPolicy(text: string): RoutePolicy {
    const known = policies.get(text)
    if (known) return known
    if (policies.size >= keptPolicies) policies.clear()
    const policy: RoutePolicy = JSON.parse(text)
    policies.set(text, policy)
    return policy
  }

  /** The same text as before, if it was read: thousands of routes have it from few. */
  function same(text: string): string {
    if (strings.size >= keptStrings) strings.clear()
    return strings.getOrInsert(text, text)
  }

  function readTarget(fed: Target): Target {
    const { identity, protocol, ip, port, state, halt, weight, own, stopTimeout } = fed
    const { canary, mirror, health, probe, proxyProtocol, slot } = fed
    return {
      identity: same(identity),
      protocol: protocols[protocol],
      ip: same(ip),
      port,
      state: states[state],
      halt,
      weight,
      own,
      stopTimeout,
      canary,
      mirror,
      health,
      probe,
      proxyProtocol,
      slot,
    }
  }

  return (fed) => {
    const rule = readRule(fed.rule)
    if (!rule.ok) return undefined
    const { hosts, matches } = rule
    // all fields by name: what comes from the other thread, and copies of that, take twice as much
    const { key, name, rule: text, entrypoint, service, source, tcp, tls, toHttps, order } = fed
    const { passHost, mirrored, slot } = fed
    return {
      key,
      name,
      rule: text,
      entrypoint: same(entrypoint),
      service: same(service),
      source: sources[source],
      tcp,
      targets: fed.targets.map(readTarget),
      ...chainOf(fed, chains),
      passHost,
      stripPrefixes: lean(fed.stripPrefixes),
      policy: readPolicy(fed.policy),
      middlewares: lean(fed.middlewares),
      tls,
      toHttps,
      order: { ...order },
      hosts,
      matches,
      problems: none,
      mirrored,
      slot,
    }
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
