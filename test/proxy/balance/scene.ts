import type { Asking } from '../../../src/proxy/balance/rotation.ts'
import { type CheckState, checkStates } from '../../../src/proxy/checks/states.ts'
import { newCheckMarks, newCounters } from '../../../src/proxy/counters.ts'
import type { RoutePolicy, TableRoute, Target } from '../../../src/proxy/table/route.ts'
import { routeTable } from '../../../src/proxy/table/table.ts'
import { chooser } from '../../../src/proxy/worker/choose.ts'
import type { Ending, Upstream } from '../../../src/proxy/worker/upstream.ts'
import { upstreams } from '../../../src/proxy/worker/upstreams.ts'
import { catalogOf, instance, vantage } from '../bed.ts'
import { asks, lots } from './members.ts'

/** A chooser over one route, with a clock that the test turns. */
export function scene(first: readonly Target[], policy: Partial<RoutePolicy> = {}) {
  let nowMs = 1_000_000
  const [shown, marks] = [newCounters(1), newCheckMarks()]
  const known = upstreams({ shown, marks, clock: () => nowMs })
  const choosing = chooser(known, lots())
  let route: TableRoute | undefined
  const pattern = anyRoute()

  /** A new table, with these targets. */
  function publish(targets: readonly Target[]): TableRoute {
    const after = { ...pattern, targets, policy: { ...pattern.policy, ...policy } }
    const changes = [{ before: route, after }]
    known.settle(changes, () => 0, nowMs)
    choosing.settle(changes)
    route = after
    return after
  }
  publish(first)

  const current = () => route ?? publish(first)
  const get = (name: string): Upstream => {
    const found = known.get(name)
    if (!found) throw new Error(`no upstream ${name}`)
    return found
  }
  return {
    publish,
    get,
    /** Of all endpoints that are known. */
    names: () => Array.from(known.all(), ({ identity }) => identity),
    choosing,
    route: current,
    checked: (states: Record<string, CheckState>): void => {
      for (const [name, state] of Object.entries(states)) {
        marks[get(name).target.slot] = checkStates.indexOf(state)
      }
      known.checked()
    },
    isEjected: (name: string) => get(name).ejection.untilMs > nowMs,
    now: () => nowMs,
    later: (ms: number): void => {
      nowMs += ms
    },
    /** Name of the one that is chosen. */
    next: (asking: Partial<Asking> = {}, tried?: readonly string[]) =>
      choosing.choose(current(), asks(asking), tried && new Set(tried.map(get)), nowMs)?.identity,
    nextTry: () => {
      const at = choosing.nextTryMs(current(), nowMs)
      return at === undefined ? undefined : at - nowMs
    },
    /** So many requests to `name` end like that. */
    end: (name: string, kind: Ending, times = 1, tookMs = 1): void => {
      for (let count = 0; count < times; count++) {
        get(name).began()
        get(name).ended(kind, tookMs)
      }
    },
    cookie: (name: string, asking: Partial<Asking> = {}) =>
      choosing.setCookie(current(), get(name), asks(asking)),
  }
}

function anyRoute(): TableRoute {
  const [route] = routeTable(catalogOf([instance()]), vantage).table.routes
  if (!route) throw new Error('no route')
  return route
}
