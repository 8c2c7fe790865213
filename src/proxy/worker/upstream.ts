import type { RoleWish } from '../../core/policy.ts'
import { hashOf } from '../balance/digest.ts'
import { isOver, type RoleState } from '../checks/roles/states.ts'
import type { CheckState } from '../checks/states.ts'
import type { Counters } from '../counters.ts'
import type { Tunnel } from '../exchange/tunnel.ts'
import type { UpstreamConnection } from '../http1/upstream-connection.ts'
import type { Target } from '../table/route.ts'
import type { TcpTunnel } from '../tcp/tunnel.ts'
import { type Ejection, neverEjected, noteFailure } from './ejection.ts'

/**
 * How a request at an endpoint ended. `connect`: no connection, refused or too late. `reset`: no whole answer came.
 * `timeout`: no first byte in time. `moot`: it says nothing of the endpoint (the client went away, or a kept connection
 * was closed by the endpoint at that moment).
 */
export type Ending = 'ok' | 'connect' | 'reset' | 'timeout' | 'status5xx' | 'moot'

/** Where the main thread sees what is in flight at each endpoint, and which of them refuse or are ejected. */
export type Shown = Pick<Counters, 'inFlight' | 'failures' | 'ejected'>

/** What the upstreams of one worker share. */
export type Surroundings = {
  /** Grows whenever somebody may have become eligible, or is so no more. */
  epoch: number
  /** Milliseconds, monotonic. */
  readonly clock: () => number
  readonly shown: Shown
}

const firstPauseMs = 50
const longestPauseMs = 250
/** An endpoint whose connects take long to fail rests longer: each try costs some request that time. */
const longestRestMs = 5000
/** In which an old latency fades to a third. */
const fadingMs = 10_000

/** What is known of one endpoint besides its place in the table. Outlives all tables that name it. */
export class Upstream {
  readonly identity: string
  /** Of the identity. */
  readonly hash: number
  readonly firstSeenMs: number
  /** Kept connections, the last used last. */
  readonly idle: UpstreamConnection[]
  readonly tunnels: Set<Pick<Tunnel, 'leave'>>
  /** Those that are here for a role. */
  readonly roled: Map<Pick<TcpTunnel, 'cut'>, RoleWish>
  readonly ejection: Ejection
  target: Target
  /** How many routes have it. */
  listed: number
  inFlight: number
  /** Connects that failed since the last one that did not. */
  failures: number
  /** Not before this, after a failed connect. */
  nextTryMs: number
  /** Whether any connect has ever succeeded. */
  reachedOnce: boolean
  retired: boolean
  /** From then on it gets nothing new, because Docker ends it a second later. */
  endsAtMs: number
  /** Since when it is ready; undefined until it is for the first time. */
  readySinceMs: number | undefined
  /** Undefined: nobody checks it. */
  check: CheckState | undefined
  /** `unknown` also where nobody asks. */
  role: RoleState
  /** Whether latencies are wanted. */
  timed: boolean
  private latencyMs: number
  private latencyAtMs: number
  private readonly around: Surroundings

  /** `before`: the same endpoint at another address, where its connections are still open. */
  constructor(target: Target, around: Surroundings, nowMs: number, before?: Upstream) {
    this.identity = target.identity
    this.hash = hashOf(target.identity)
    this.firstSeenMs = nowMs
    this.idle = []
    this.tunnels = before?.tunnels ?? new Set()
    this.roled = before?.roled ?? new Map()
    this.ejection = neverEjected()
    this.target = target
    this.listed = 0
    this.inFlight = 0
    this.failures = 0
    this.nextTryMs = 0
    this.reachedOnce = false
    this.retired = false
    this.endsAtMs = Infinity
    this.readySinceMs = undefined
    this.check = undefined
    this.role = 'unknown'
    this.timed = false
    this.latencyMs = 0
    this.latencyAtMs = 0
    this.around = around
  }

  /** A request is sent to it. */
  began(): void {
    this.inFlight++
    this.show()
  }

  /** That request is over. `tookMs`: since it began. */
  ended(kind: Ending, tookMs: number): void {
    this.inFlight--
    if (kind === 'connect') this.refused(tookMs)
    else if (kind !== 'moot') this.answeredWith(kind)
    this.show()
  }

  /** The first byte of an answer came after `tookMs`. A slow answer counts at once, a fast one by a third. */
  answered(tookMs: number): void {
    const nowMs = this.around.clock()
    const before = this.latencyAt(nowMs)
    this.latencyMs = Math.max(0.01, tookMs > before ? tookMs : before + (tookMs - before) / 3)
    this.latencyAtMs = nowMs
  }

  /** A connect succeeded. */
  reached(): void {
    if (this.failures === 0 && this.reachedOnce) return
    this.around.epoch++
    // it has not listened until now: its slow start begins
    if (!this.reachedOnce && this.failures > 0) this.readySinceMs = this.around.clock()
    this.failures = 0
    this.nextTryMs = 0
    this.reachedOnce = true
    this.show()
  }

  /** It has to prove itself: one request at a time finds out whether it is (back) there. */
  probing(nowMs: number): void {
    this.nextTryMs = nowMs + pauseMs(this.failures)
  }

  /** Milliseconds to the first byte, as far as it is still remembered; 0 when not known. */
  latencyAt(nowMs: number): number {
    if (this.latencyMs === 0) return 0
    return this.latencyMs * Math.exp((this.latencyAtMs - nowMs) / fadingMs)
  }

  /** A connection was upgraded; on an endpoint that is about to end it leaves before that. */
  opened(tunnel: Pick<Tunnel, 'leave'>): void {
    this.tunnels.add(tunnel)
    if (this.endsAtMs === Infinity) return
    const leftMs = Math.max(0, this.endsAtMs - this.around.clock())
    tunnel.leave(leftMs, () => this.retired)
  }

  /** A connection came here for a role, and ends as soon as that is another one. */
  openedFor(wish: RoleWish, tunnel: Pick<TcpTunnel, 'cut'>): void {
    this.roled.set(tunnel, wish)
    if (isOver(wish, this.role)) tunnel.cut()
  }

  /** Its role is known to be that by now. */
  plays(role: RoleState): void {
    this.role = role
    for (const [tunnel, wish] of this.roled) if (isOver(wish, role)) tunnel.cut()
  }

  closeIdle(): void {
    for (const connection of this.idle.splice(0)) connection.destroy()
  }

  private answeredWith(kind: Ending): void {
    this.reached()
    if (kind === 'ok') this.ejection.streak = 0
    else this.failed(this.around.clock())
  }

  private refused(tookMs: number): void {
    const nowMs = this.around.clock()
    if (++this.failures === 1) this.around.epoch++
    const costly = Math.min(longestRestMs, tookMs * this.failures)
    this.nextTryMs = nowMs + Math.max(pauseMs(this.failures), costly)
    // a new one may not be listening yet: it rests, but has done nothing wrong
    if (this.reachedOnce) this.failed(nowMs)
  }

  private failed(nowMs: number): void {
    if (!noteFailure(this.ejection, nowMs)) return
    const { around, ejection, target } = this
    around.epoch++
    // clocks of threads begin with them
    if (target.slot > 0) around.shown.ejected[target.slot] = Date.now() + ejection.untilMs - nowMs
  }

  private show(): void {
    const { slot } = this.target
    if (slot === 0) return
    const { inFlight, failures } = this.around.shown
    inFlight[slot] = this.inFlight
    failures[slot] = this.failures
  }
}

function pauseMs(failures: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(Math.max(0, failures - 1), 10))
}
