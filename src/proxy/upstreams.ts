import type { RouteChange } from './changes.ts'
import type { Counters } from './counters.ts'
import { type Pool, poolOf } from './pool.ts'
import type { Target } from './route.ts'
import type { Tunnel } from './tunnel.ts'

/** What is known of one endpoint besides its place in the table. Outlives all tables that name it. */
export type Upstream = {
  readonly pool: Pool
  readonly firstSeenMs: number
  readonly tunnels: Set<Tunnel>
  target: Target
  /** How many routes have it. */
  listed: number
  inFlight: number
  /** Connects that failed since the last one that did not. */
  failures: number
  /** Not before this, after a failed connect. */
  nextTryMs: number
  retired: boolean
  /** Lets the main thread see `failures`. */
  readonly showFailures: (failures: number) => void
}

export type Upstreams = {
  of(target: Target, nowMs: number): Upstream
  get(identity: string): Upstream | undefined
  /** Counts a request until it is disposed. */
  enter(upstream: Upstream): Disposable
  /**
   * A new table is in force. Endpoints that drain or have gone keep no idle connection, and their tunnels leave within
   * `leaveMs`; those without work are forgotten.
   */
  settle(changes: readonly RouteChange[], leaveMs: (target: Target) => number, nowMs: number): void
  readonly all: () => Iterable<Upstream>
}

/** The counters are where the main thread sees what is in flight at each endpoint, and which of them refuse. */
export function upstreams({
  inFlight,
  failures,
}: Pick<Counters, 'inFlight' | 'failures'>): Upstreams {
  const known = new Map<string, Upstream>()
  /** Those that no route has, but some request still has: looked at again later. */
  const unlisted = new Set<string>()

  function of(target: Target, nowMs: number): Upstream {
    const found = known.get(target.identity)
    if (found && samePlace(found.target, target)) return found
    // the same run of the same container at another address: connections to the old one are of no use
    if (found) found.pool.retire()
    const showFailures = (count: number) => show(failures, target, count)
    const created = { ...fresh(target, nowMs), listed: found?.listed ?? 0, showFailures }
    known.set(target.identity, created)
    return created
  }

  function retire(upstream: Upstream, leaveMs: number): void {
    upstream.retired = true
    upstream.pool.retire()
    for (const tunnel of upstream.tunnels) tunnel.leave(leaveMs, () => upstream.retired)
  }

  /** One that was to go and stays after all. */
  function revive(upstream: Upstream): void {
    upstream.retired = false
    upstream.pool.revive()
  }

  function settleOne(identity: string, leaveMs: (target: Target) => number): void {
    const upstream = known.get(identity)
    if (!upstream) return
    const gone = upstream.listed <= 0
    if (gone || upstream.target.state === 'draining') retire(upstream, leaveMs(upstream.target))
    else revive(upstream)
    const busy = upstream.inFlight > 0
    if (gone && !busy) known.delete(identity)
    if (gone && busy) unlisted.add(identity)
    else unlisted.delete(identity)
  }

  return {
    of,
    get: (identity) => known.get(identity),
    all: () => known.values(),
    enter(upstream) {
      const count = (by: number) => {
        upstream.inFlight += by
        show(inFlight, upstream.target, upstream.inFlight)
      }
      count(1)
      return { [Symbol.dispose]: () => count(-1) }
    },
    settle(changes, leaveMs, nowMs) {
      const touched = new Set(unlisted)
      for (const { before, after } of changes) {
        for (const target of before?.targets ?? []) {
          const upstream = known.get(target.identity)
          if (upstream) upstream.listed--
          touched.add(target.identity)
        }
        for (const target of after?.targets ?? []) {
          const upstream = of(target, nowMs)
          upstream.target = target
          upstream.listed++
          touched.add(target.identity)
        }
      }
      for (const identity of touched) settleOne(identity, leaveMs)
    },
  }
}

function samePlace(a: Target, b: Target): boolean {
  return a.ip === b.ip && a.port === b.port && a.protocol === b.protocol
}

function show(numbers: Int32Array, { slot }: Target, count: number): void {
  if (slot > 0) numbers[slot] = count
}

function fresh(target: Target, nowMs: number): Omit<Upstream, 'showFailures'> {
  const state = { listed: 0, inFlight: 0, failures: 0, nextTryMs: 0, retired: false }
  return { pool: poolOf(target), firstSeenMs: nowMs, tunnels: new Set(), target, ...state }
}
