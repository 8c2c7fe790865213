import { cookieOf } from '../balance/cookies.ts'
import type { Asking } from '../balance/rotation.ts'
import type { RouteChange } from '../table/changes.ts'
import { fallbackEntrypoint, isFallback } from '../table/fallbacks.ts'
import type { TableRoute } from '../table/route.ts'
import { stickyCookie } from './sticky.ts'
import type { Upstream } from './upstream.ts'
import type { Upstreams } from './upstreams.ts'
import { Ways } from './ways.ts'

export type Chooser = {
  /**
   * An endpoint for one request, of the route's fallback if nobody of its own can take it. Undefined: see `nextTryMs`.
   * `tried`: those that failed it already.
   */
  choose(
    route: TableRoute,
    asking: Asking,
    tried: ReadonlySet<Upstream> | undefined,
    nowMs: number,
  ): Upstream | undefined
  /** After `choose` gave nobody: when to look again, because a connect may succeed then; undefined: nobody is there. */
  nextTryMs(route: TableRoute, nowMs: number): number | undefined
  /** The Set-Cookie that an answer of `upstream` needs; mostly undefined. */
  setCookie(route: TableRoute, upstream: Upstream, asking: Asking): string | undefined
  /** Who gets a copy of this request, whose answer nobody wants; mostly undefined. */
  mirrorOf(route: TableRoute, asking: Asking, nowMs: number): Upstream | undefined
  /** The route that answers when nobody of `route` is ready. */
  fallbackOf(route: TableRoute): TableRoute | undefined
  /** The endpoints of service `name`, as `asker` calls it, if it asked for them. */
  helpers(asker: string, name: string): TableRoute | undefined
  /** A new table is in force. What is known of routes that stay is kept. */
  settle(changes: readonly RouteChange[]): void
}

/** Chooses among what `upstreams` knows. `random` as Math.random. */
export function chooser(upstreams: Upstreams, random: () => number = Math.random): Chooser {
  const { around } = upstreams
  /** Those of a route in force are the same as before the last change of it. */
  const byRoute = new WeakMap<TableRoute, Ways>()
  const fallbacks = new Map<string, TableRoute>()

  /** The ways of `route` as they are now. */
  function waysOf(route: TableRoute, nowMs: number): Ways {
    let ways = byRoute.get(route)
    if (!ways) {
      ways = new Ways(route, random)
      byRoute.set(route, ways)
    }
    if (ways.epoch !== around.epoch || nowMs >= ways.untilMs) ways.refresh(upstreams, nowMs)
    return ways
  }

  function fallbackOf({ service, policy, tcp }: TableRoute): TableRoute | undefined {
    const isNone = policy.fallback === null || tcp !== undefined
    return isNone ? undefined : helpers(service, policy.fallback)
  }

  function helpers(asker: string, name: string): TableRoute | undefined {
    return fallbacks.get(fallbackEntrypoint(asker, name))
  }

  return {
    fallbackOf,
    helpers,
    choose(route, asking, tried, nowMs) {
      const chosen = waysOf(route, nowMs).choose(asking, tried, nowMs)
      if (chosen !== undefined || route.policy.fallback === null) return chosen
      const fallback = fallbackOf(route)
      return fallback && waysOf(fallback, nowMs).choose(asking, tried, nowMs)
    },
    nextTryMs(route, nowMs) {
      const fallback = fallbackOf(route)
      const times = [route, ...(fallback ? [fallback] : [])].flatMap(
        (one) => waysOf(one, nowMs).nextTryMs(nowMs) ?? [],
      )
      return times.length > 0 ? Math.min(...times) : undefined
    },
    setCookie(route, upstream, asking) {
      const { sticky } = route.policy
      // the route may have gone since the request came
      if (sticky === false || !byRoute.has(route)) return undefined
      const said = cookieOf(asking, sticky.cookie)
      const token = waysOf(route, around.clock()).tokenFor(upstream, said)
      return token === undefined || token === said ? undefined : stickyCookie(sticky, token)
    },
    mirrorOf: (route, asking, nowMs) => waysOf(route, nowMs).chooseMirror(asking, nowMs),
    settle(changes) {
      for (const { before, after } of changes) {
        const ways = before && byRoute.get(before)
        if (ways && after) byRoute.set(after, ways.by(after))
        else if (before) byRoute.delete(before)
        // another one may have come in its place before it goes
        if (before && fallbacks.get(before.entrypoint) === before) {
          fallbacks.delete(before.entrypoint)
        }
        if (after && isFallback(after)) fallbacks.set(after.entrypoint, after)
      }
    },
  }
}
