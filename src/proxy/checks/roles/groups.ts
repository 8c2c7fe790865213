import type { RoleWish } from '../../../core/policy.ts'
import type { TableRoute, Target } from '../../table/route.ts'

/** Endpoints of which one is the primary, and the others its replicas: those that some route has together. */
export type Group = {
  /** The same for as long as the group's first route is there. */
  readonly id: string
  readonly service: string
  readonly members: ReadonlyMap<string, Target>
  readonly wishes: ReadonlySet<RoleWish>
}

export type RoledRoute = TableRoute & { readonly tcp: { readonly role: RoleWish } }

export function isRoled(route: TableRoute | undefined): route is RoledRoute {
  return route?.tcp !== undefined && route.tcp.role !== null
}

/** Routes that have an endpoint in common are of one group. */
export function groupsOf(routes: Iterable<RoledRoute>): readonly Group[] {
  const sorted = [...routes].toSorted((a, b) => (a.key < b.key ? -1 : 1))
  const leaders = new Map<string, string>()
  const leaderOf = (key: string): string => {
    const next = leaders.get(key) ?? key
    return next === key ? key : leaderOf(next)
  }
  for (const { key, targets } of sorted) {
    for (const { identity } of targets) {
      const [one, other] = [leaderOf(`route ${key}`), leaderOf(identity)]
      if (one !== other) leaders.set(other, one)
    }
  }
  const joint = Map.groupBy(sorted, ({ key }) => leaderOf(`route ${key}`))
  return [...joint.values()].flatMap((group) => {
    const [first] = group
    if (!first) return []
    const members = group.flatMap(({ targets }) =>
      targets.map((target) => [target.identity, target] as const),
    )
    const wishes = new Set(group.map(({ tcp }) => tcp.role))
    return [{ id: first.key, service: first.service, members: new Map(members), wishes }]
  })
}
