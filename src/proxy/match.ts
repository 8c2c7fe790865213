import { byExactness, byPriority, outranks } from './order.ts'
import type { TableRoute } from './route.ts'

/** Routes that share a part of the index, each list with the first choice first. */
type Shelf = { readonly numbered: readonly TableRoute[]; readonly plain: readonly TableRoute[] }

type EntrypointIndex = {
  readonly exact: ReadonlyMap<string, Shelf>
  readonly suffixes: ReadonlyMap<string, Shelf>
  readonly rest: Shelf
}

/** Finds a request's route in time that does not grow with the number of hosts. */
export type RouteIndex = ReadonlyMap<string, EntrypointIndex>

/** `rank`: how exactly the rule names the host: Infinity by name, length of the wildcard's suffix, or 0. */
export type Match = { readonly route: TableRoute; readonly rank: number }

export function indexOf(routes: readonly TableRoute[]): RouteIndex {
  const byEntrypoint = Map.groupBy(routes, ({ entrypoint }) => entrypoint)
  return new Map([...byEntrypoint].map(([entrypoint, list]) => [entrypoint, indexed(list)]))
}

/** The route of a request; `host` as `normalHost` gives it, `path` without query. */
export function match(
  index: RouteIndex,
  entrypoint: string,
  host: string,
  path: string,
): Match | undefined {
  const at = index.get(entrypoint)
  if (!at) return undefined
  let plain: Match | undefined
  let numbered: Match | undefined
  for (const [list, rank] of shelvesOf(at, host)) {
    const matches = (route: TableRoute) => route.matches(host, path)
    // shelves come with the most exact first, so a later one wins by its number only
    const first = plain ? undefined : list.plain.find(matches)
    if (first) plain = { route: first, rank }
    const best = list.numbered.find(matches)
    if (best && (!numbered || byNumber(best, numbered.route) > 0)) numbered = { route: best, rank }
  }
  if (plain && numbered) return outranks(numbered, plain) ? numbered : plain
  return plain ?? numbered
}

function* shelvesOf(at: EntrypointIndex, host: string): Iterable<[Shelf, number]> {
  const exact = at.exact.get(host)
  if (exact) yield [exact, Infinity]
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    const suffix = host.slice(dot + 1)
    const found = at.suffixes.get(suffix)
    if (found) yield [found, suffix.length]
  }
  yield [at.rest, 0]
}

function byNumber(a: TableRoute, b: TableRoute): number {
  return (a.order.priority ?? 0) - (b.order.priority ?? 0)
}

function indexed(routes: readonly TableRoute[]): EntrypointIndex {
  const exact = routes.flatMap((route) => [...route.hosts.exact].map((host) => ({ host, route })))
  const tails = routes.flatMap((route) =>
    [...route.hosts.suffixes].map((host) => ({ host, route })),
  )
  return {
    exact: shelves(exact),
    suffixes: shelves(tails),
    rest: shelf(routes.filter(({ hosts }) => hosts.any)),
  }
}

function shelves(pairs: readonly { host: string; route: TableRoute }[]): Map<string, Shelf> {
  const byHost = Map.groupBy(pairs, ({ host }) => host)
  return new Map([...byHost].map(([host, list]) => [host, shelf(list.map(({ route }) => route))]))
}

function shelf(routes: readonly TableRoute[]): Shelf {
  const isPlain = ({ order }: TableRoute) => order.priority === null
  return {
    numbered: routes.filter((route) => !isPlain(route)).toSorted(byPriority),
    plain: routes.filter(isPlain).toSorted(byExactness),
  }
}
