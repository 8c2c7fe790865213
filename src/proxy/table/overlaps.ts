import type { Problem } from '../../core/problems.ts'
import type { RouteChange } from './changes.ts'
import { byExactness, byPriority, outranks } from './order.ts'
import type { TableRoute } from './route.ts'
import type { RouteIndex } from './shelves.ts'
import { placeOf } from './tcp-terms.ts'
import { whyBefore } from './why-before.ts'

/** What a route still asks of requests of a host, as `restFor` gives it. */
export type Rest = (route: TableRoute, host: string) => string

/** More rules of one host than this are not compared. */
const most = 50

/** The hosts by name that `changes` are about, by `placeOf`. */
export function hostsTouched(changes: readonly RouteChange[]): Map<string, Set<string>> {
  const touched = new Map<string, Set<string>>()
  for (const route of changes.flatMap(({ before, after }) => [before, after])) {
    if (!route) continue
    const hosts = touched.getOrInsertComputed(placeOf(route), () => new Set())
    for (const host of route.hosts.exact) hosts.add(host)
  }
  return touched
}

/**
 * The routes that get no request of `host`, because one of another service that asks no more of a request comes before
 * them: of rules with several hosts one is easily lost without anybody seeing it.
 */
export function overlaps(
  index: RouteIndex,
  place: string,
  host: string,
  rest: Rest,
  whereOf: (route: TableRoute) => string,
): Problem[] {
  const { numbered = [], plain = [] } = index.get(place)?.exact.get(host) ?? {}
  const routes = [...numbered, ...plain]
  if (routes.length < 2 || routes.length > most) return []
  const ordered = routes.toSorted(inOrder)
  const rests = ordered.map((route) => rest(route, host))
  return ordered.flatMap((route, at): Problem[] => {
    const wanted = rests[at] ?? ''
    const taker = ordered.slice(0, at).find((_, before) => covers(rests[before] ?? '', wanted))
    if (wanted === 'false' || !taker || taker.service === route.service) return []
    return [
      {
        severity: 'warning',
        where: whereOf(route),
        what: `host ${host} of rule ${route.rule} goes to service ${taker.service}`,
        why: `its rule ${taker.rule} takes the same requests of that host: ${whyBefore(taker, route, host)}`,
        remedy: 'take the host off one of them, or give the one that is to have it a priority',
      },
    ]
  })
}

function covers(rest: string, wanted: string): boolean {
  return rest === 'true' || rest === wanted
}

/** For routes that name the host equally well. */
function inOrder(a: TableRoute, b: TableRoute): number {
  const [first, second] = [a.order.priority, b.order.priority]
  if (first === null && second === null) return byExactness(a, b)
  if (first !== null && second !== null) return byPriority(a, b)
  const isFirst =
    first === null
      ? !outranks({ route: b, rank: Infinity }, { route: a, rank: Infinity })
      : outranks({ route: a, rank: Infinity }, { route: b, rank: Infinity })
  return isFirst ? -1 : 1
}
