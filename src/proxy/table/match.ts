import type { RequestView } from '../../core/rule/request.ts'
import { candidates } from './loose.ts'
import { byExactness, outranks } from './order.ts'
import type { TableRoute } from './route.ts'
import type { EntrypointIndex, RouteIndex, Shelf } from './shelves.ts'

/**
 * `rank`: how exactly the rule names the host: Infinity by name, length of the wildcard's suffix, a half for a regular
 * expression, 0 for none.
 */
export type Match = { readonly route: TableRoute; readonly rank: number }

const expressed = 0.5

/** The route of a request: by number, then by exactness of host, path, conditions, age and name. */
export function match(
  index: RouteIndex,
  entrypoint: string,
  request: RequestView,
): Match | undefined {
  const at = index.get(entrypoint)
  if (!at) return undefined
  const looking: Looking = { request, plain: undefined, numbered: undefined }
  lookEverywhere(at, looking)
  const { plain, numbered } = looking
  if (plain && numbered) return outranks(numbered, plain) ? numbered : plain
  return plain ?? numbered
}

/** Whether any route stands at `place`. */
export function hasRoutes(index: RouteIndex, place: string): boolean {
  const at = index.get(place)
  if (!at) return false
  return at.exact.size + at.suffixes.size + at.regexes.size + at.any.size > 0
}

/** How exactly any route at `place` names `host`, as a `rank`, whatever else it asks for; expressions don't count. */
export function hostRank(index: RouteIndex, place: string, host: string): number {
  const at = index.get(place)
  if (!at) return 0
  if (at.exact.has(host)) return Infinity
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    if (at.suffixes.has(host.slice(dot + 1))) return host.length - dot - 1
  }
  return 0
}

type Looking = {
  readonly request: RequestView
  plain: Match | undefined
  numbered: Match | undefined
}

/** From the most exact shelf on; only numbers can make a later one win. */
function lookEverywhere(at: EntrypointIndex, looking: Looking): void {
  const { host } = looking.request
  const isFound = () => looking.plain !== undefined && at.numbered === 0
  look(at.exact.get(host), Infinity, looking)
  if (isFound()) return
  if (at.suffixes.size > 0) {
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      look(at.suffixes.get(host.slice(dot + 1)), host.length - dot - 1, looking)
      if (isFound()) return
    }
  }
  if (at.regexes.size > 0) lookAtRegexes(at.regexes, looking)
  look(at.any.get(''), 0, looking)
}

/** An expression stands under the end that all its hosts have, or under nothing. */
function lookAtRegexes(regexes: EntrypointIndex['regexes'], looking: Looking): void {
  const { host } = looking.request
  look(regexes.get(host), expressed, looking)
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    look(regexes.get(host.slice(dot + 1)), expressed, looking)
  }
  const loose = regexes.get('')
  if (!loose) return
  const [plain, numbered] = [candidates(loose.plain, host), candidates(loose.numbered, host)]
  look({ plain, numbered }, expressed, looking)
}

function look(shelf: Shelf | undefined, rank: number, looking: Looking): void {
  if (!shelf) return
  const { request, plain, numbered } = looking
  // shelves come with the most exact first: a later one wins by its number, or if it is as exact
  if (!plain || plain.rank === rank)
    looking.plain = better(plain, first(shelf.plain, request, rank))
  looking.numbered = higher(numbered, first(shelf.numbered, request, rank))
}

function first(
  routes: readonly TableRoute[],
  request: RequestView,
  rank: number,
): Match | undefined {
  for (const route of routes) if (route.matches(request)) return { route, rank }
  return undefined
}

function better(a: Match | undefined, b: Match | undefined): Match | undefined {
  if (!a || !b) return a ?? b
  return byExactness(b.route, a.route) < 0 ? b : a
}

/** By number; of equal ones the one found before, unless both name the host equally well. */
function higher(a: Match | undefined, b: Match | undefined): Match | undefined {
  if (!a || !b) return a ?? b
  const byNumber = (b.route.order.priority ?? 0) - (a.route.order.priority ?? 0)
  if (byNumber !== 0) return byNumber > 0 ? b : a
  return a.rank === b.rank ? better(a, b) : a
}
