import type { RouteChange } from './changes.ts'
import type { Counters } from './counters.ts'
import type { Tunnel } from './exchange/tunnel.ts'
import type { UpstreamConnection } from './http1/upstream-connection.ts'
import type { Target } from './route.ts'

/** How a try ended, as far as it tells something of the endpoint. */
export type Ending = 'ok' | 'connect' | 'reset' | 'timeout' | 'status5xx'

const firstPauseMs = 50
const longestPauseMs = 250

/** Where the main thread sees what is in flight at each endpoint, and which of them refuse. */
export type Shown = Pick<Counters, 'inFlight' | 'failures'>

/** What is known of one endpoint besides its place in the table. Outlives all tables that name it. */
export class Upstream {
  readonly firstSeenMs: number
  /** Kept connections, the one used last at the end. */
  readonly idle: UpstreamConnection[] = []
  readonly tunnels = new Set<Pick<Tunnel, 'leave'>>()
  target: Target
  /** How many routes have it. */
  listed = 0
  inFlight = 0
  /** Connects that failed since the last one that did not. */
  failures = 0
  /** Not before this, after a failed connect. */
  nextTryMs = 0
  retired = false
  private readonly shown: Shown

  constructor(target: Target, shown: Shown, nowMs: number) {
    this.target = target
    this.shown = shown
    this.firstSeenMs = nowMs
  }

  get weight(): number {
    return this.target.weight || 1
  }

  get busy(): number {
    return this.inFlight
  }

  /** A request is sent to it. */
  began(): void {
    this.inFlight++
    this.show()
  }

  /** That request is over. */
  ended(how: Ending, _tookMs: number): void {
    this.inFlight--
    if (how === 'connect') this.failures++
    this.show()
    if (how !== 'connect') return
    this.postpone(performance.now())
  }

  /** It has taken a connection. */
  reached(): void {
    this.failures = 0
    this.nextTryMs = 0
    this.show()
  }

  /** Others are preferred for a while that grows with each failure. */
  postpone(nowMs: number): void {
    const pauseMs = firstPauseMs * 2 ** Math.min(this.failures - 1, 10)
    this.nextTryMs = nowMs + Math.min(longestPauseMs, pauseMs)
  }

  closeIdle(): void {
    for (const connection of this.idle.splice(0)) connection.destroy()
  }

  private show(): void {
    const { slot } = this.target
    if (slot === 0) return
    this.shown.inFlight[slot] = this.inFlight
    this.shown.failures[slot] = this.failures
  }
}

export type Upstreams = {
  of(target: Target, nowMs: number): Upstream
  get(identity: string): Upstream | undefined
  /**
   * A new table is in force. Endpoints that drain or have gone keep no idle connection, and their tunnels leave within
   * `leaveMs`; those without work are forgotten.
   */
  settle(changes: readonly RouteChange[], leaveMs: (target: Target) => number, nowMs: number): void
  readonly all: () => Iterable<Upstream>
}

export function upstreams(shown: Shown): Upstreams {
  const known = new Map<string, Upstream>()
  /** Those that no route has, but some request still has: looked at again later. */
  const unlisted = new Set<string>()

  function of(target: Target, nowMs: number): Upstream {
    const found = known.get(target.identity)
    if (found && samePlace(found.target, target)) return found
    const created = new Upstream(target, shown, nowMs)
    // the same run of the same container at another address: connections to the old one are of no use
    if (found) {
      found.retired = true
      found.closeIdle()
      created.listed = found.listed
    }
    known.set(target.identity, created)
    return created
  }

  function retire(upstream: Upstream, leaveMs: number): void {
    upstream.retired = true
    upstream.closeIdle()
    for (const tunnel of upstream.tunnels) tunnel.leave(leaveMs, () => upstream.retired)
  }

  function settleOne(identity: string, leaveMs: (target: Target) => number): void {
    const upstream = known.get(identity)
    if (!upstream) return
    const gone = upstream.listed <= 0
    if (gone || upstream.target.state === 'draining') retire(upstream, leaveMs(upstream.target))
    else upstream.retired = false
    const busy = upstream.inFlight > 0
    if (gone && !busy) known.delete(identity)
    if (gone && busy) unlisted.add(identity)
    else unlisted.delete(identity)
  }

  return {
    of,
    get: (identity) => known.get(identity),
    all: () => known.values(),
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
