import type { RoutePolicy } from '../table/route.ts'
import type { Numbers } from './numbers.ts'
import type { SenderOptions } from './sender.ts'

/** The form in which routes are sent, with the places of their numbers. */
export function feeder({
  services,
  endpoints,
}: Numbers): Pick<SenderOptions, 'fed' | 'placeOf' | 'isListed'> {
  const texts = new WeakMap<RoutePolicy, string>()
  const placeOf = (identity: string) => endpoints.of(identity) ?? 0

  return {
    placeOf,
    isListed: (identity) => endpoints.isHeld(identity),
    fed: ({
      hosts: _hosts,
      matches: _matches,
      problems: _problems,
      chain: _chain,
      policy,
      ...route
    }) => ({
      ...route,
      targets: route.targets.map((target) => ({ ...target, slot: placeOf(target.identity) })),
      policy: texts.getOrInsertComputed(policy, (one) => JSON.stringify(one)),
      slot: services.of(route.service) ?? 0,
    }),
  }
}
