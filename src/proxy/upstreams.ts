import { type Pool, poolOf } from './pool.ts'
import type { Target } from './route.ts'
import type { Tunnel } from './tunnel.ts'

/** What is known of one endpoint besides its place in the table. Outlives all tables that name it. */
export type Upstream = {
  readonly pool: Pool
  readonly firstSeenMs: number
  readonly tunnels: Set<Tunnel>
  target: Target
  inFlight: number
  /** Connects that failed since the last one that did not. */
  failures: number
  /** Not before this, after a failed connect. */
  nextTryMs: number
  retired: boolean
}

export type Upstreams = {
  of(target: Target, nowMs: number): Upstream
  get(identity: string): Upstream | undefined
  /** Counts a request until it is disposed. */
  enter(upstream: Upstream): Disposable
  /**
   * What the table has now. Endpoints that drain or have gone keep no idle connection, and their tunnels leave within
   * `leaveMs`; those without work are forgotten.
   */
  settle(targets: Iterable<Target>, leaveMs: (target: Target) => number, nowMs: number): void
  readonly all: () => Iterable<Upstream>
}

export function upstreams(): Upstreams {
  const known = new Map<string, Upstream>()

  function of(target: Target, nowMs: number): Upstream {
    const found = known.get(target.identity)
    if (found && samePlace(found.target, target)) return found
    // the same run of the same container at another address: connections to the old one are of no use
    if (found) found.pool.retire()
    const created = fresh(target, nowMs)
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

  return {
    of,
    get: (identity) => known.get(identity),
    all: () => known.values(),
    enter(upstream) {
      upstream.inFlight++
      return { [Symbol.dispose]: () => void upstream.inFlight-- }
    },
    settle(targets, leaveMs, nowMs) {
      const listed = new Map([...targets].map((target) => [target.identity, target]))
      for (const target of listed.values()) of(target, nowMs).target = target
      for (const [identity, upstream] of known) {
        const target = listed.get(identity)
        const leaving = target === undefined || target.state === 'draining'
        if (leaving) retire(upstream, leaveMs(upstream.target))
        else revive(upstream)
        if (target === undefined && upstream.inFlight === 0) known.delete(identity)
      }
    },
  }
}

function samePlace(a: Target, b: Target): boolean {
  return a.ip === b.ip && a.port === b.port && a.protocol === b.protocol
}

function fresh(target: Target, nowMs: number): Upstream {
  const state = { inFlight: 0, failures: 0, nextTryMs: 0, retired: false }
  return { pool: poolOf(target), firstSeenMs: nowMs, tunnels: new Set(), target, ...state }
}
