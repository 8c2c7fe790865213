import type { RouteChange } from '../table/changes.ts'
import type { TableRoute } from '../table/route.ts'
import { placeOf } from '../table/tcp-terms.ts'

/**
 * By the key of each route that goes: those that have one of its hosts from now on. They must be there before it is
 * gone, or the host would be unknown in between. `waiting`: those that were to come before.
 */
export function heirsOf(
  changes: readonly RouteChange[],
  waiting: Iterable<TableRoute | undefined>,
): ReadonlyMap<string, readonly TableRoute[]> {
  const gone = changes.flatMap(({ before, after }) => (before && !after ? [before] : []))
  if (gone.length === 0) return new Map()
  const come = new Map<string, TableRoute[]>()
  const note = (route: TableRoute) => {
    for (const place of placesOf(route)) come.getOrInsertComputed(place, () => []).push(route)
  }
  for (const route of waiting) if (route) note(route)
  for (const { before, after } of changes) if (after && !before) note(after)
  if (come.size === 0) return new Map()
  return new Map(gone.map((route) => [route.key, takenFor(route, come)]))
}

/** Once taken they are in front of whoever else goes from the same host. */
function takenFor(route: TableRoute, come: Map<string, TableRoute[]>): TableRoute[] {
  return placesOf(route).flatMap((place) => {
    const heirs = come.get(place) ?? []
    come.delete(place)
    return heirs
  })
}

/** Under which names of hosts a route is found. */
function placesOf(route: TableRoute): string[] {
  const { exact, suffixes, regexes, any } = route.hosts
  const at = placeOf(route)
  return [
    ...[...exact].map((host) => `${at} ${host}`),
    ...[...suffixes].map((suffix) => `${at} *.${suffix}`),
    ...[...regexes].map((end) => `${at} ~${end}`),
    ...(any ? [`${at} `] : []),
  ]
}
