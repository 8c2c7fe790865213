import type { FedRoute } from '../feed.ts'
import type { RoutePolicy, TableRoute } from '../route.ts'
import type { Numbers } from './numbers.ts'

/** Makes the form in which a route is sent, with the places of its numbers. */
export function feeder({ services, endpoints }: Numbers): (route: TableRoute) => FedRoute {
  const texts = new WeakMap<RoutePolicy, string>()

  return ({ hosts: _hosts, matches: _matches, problems: _problems, policy, ...route }) => ({
    ...route,
    targets: route.targets.map((target) => ({
      ...target,
      slot: endpoints.of(target.identity) ?? 0,
    })),
    policy: texts.getOrInsertComputed(policy, (one) => JSON.stringify(one)),
    slot: services.of(route.service) ?? 0,
  })
}
