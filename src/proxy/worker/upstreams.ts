import { type RoleState, roleStates } from '../checks/roles/states.ts'
import { type CheckState, checkStates } from '../checks/states.ts'
import { checkOfMark, type CheckMarks, roleOfMark } from '../counters.ts'
import type { RouteChange } from '../table/changes.ts'
import type { Target } from '../table/route.ts'
import { type Shown, type Surroundings, Upstream } from './upstream.ts'

export type Upstreams = {
  readonly around: Surroundings
  of(target: Target, nowMs: number): Upstream
  get(identity: string): Upstream | undefined
  /**
   * A new table is in force. Endpoints that drain or have gone keep no idle connection, and their tunnels leave within
   * `leaveMs`; those without work are forgotten.
   */
  settle(changes: readonly RouteChange[], leaveMs: (target: Target) => number, nowMs: number): void
  /** Checks say something else of somebody. */
  checked(): void
  readonly all: () => Iterable<Upstream>
}

export type UpstreamsOptions = {
  readonly shown: Shown
  /** What checks say, by the places of endpoints. */
  readonly marks: CheckMarks
  /** Milliseconds, monotonic; performance.now unless given. */
  readonly clock?: () => number
}

export function upstreams(options: UpstreamsOptions): Upstreams {
  const { shown, marks, clock = () => performance.now() } = options
  const around: Surroundings = { epoch: 0, clock, shown }
  const known = new Map<string, Upstream>()
  /** Those that no route has, but some request still has: looked at again later. */
  const unlisted = new Set<string>()

  function of(target: Target, nowMs: number): Upstream {
    const found = known.get(target.identity)
    if (found && samePlace(found.target, target)) return found
    const created = new Upstream(target, around, nowMs, found)
    // the same run of the same container at another address: connections to the old one are of no use
    if (found) {
      found.retired = true
      found.closeIdle()
      created.listed = found.listed
    }
    place(created, target, nowMs)
    known.set(target.identity, created)
    return created
  }

  function place(upstream: Upstream, target: Target, nowMs: number): void {
    upstream.target = target
    look(upstream)
    if (target.state === 'ready') upstream.readySinceMs ??= nowMs
  }

  function look(upstream: Upstream): void {
    const { target, check, role } = upstream
    const [next, played] = [checkOf(target), roleOf(target)]
    if (played !== role) {
      upstream.plays(played)
      around.epoch++
    }
    if (next === check) return
    // its slow start begins when it may have requests
    if (check === 'unknown') upstream.readySinceMs = clock()
    upstream.check = next
    around.epoch++
  }

  /** Of an endpoint without a place nothing can be known: it is taken as if nobody checked it. */
  function checkOf({ health, slot }: Target): CheckState | undefined {
    return health === null || slot === 0 ? undefined : checkStates[checkOfMark(marks[slot] ?? 0)]
  }

  function roleOf({ probe, slot }: Target): RoleState {
    if (probe === null || slot === 0) return 'unknown'
    return roleStates[roleOfMark(marks[slot] ?? 0)] ?? 'unknown'
  }

  function retire(upstream: Upstream, leaveMs: number): void {
    upstream.retired = true
    upstream.closeIdle()
    for (const tunnel of upstream.tunnels) tunnel.leave(leaveMs, () => upstream.retired)
  }

  function settleOne(identity: string, leaveMs: (target: Target) => number, nowMs: number): void {
    const upstream = known.get(identity)
    if (!upstream) return
    upstream.endsAtMs = endOf(upstream, nowMs)
    const gone = upstream.listed <= 0
    if (gone || upstream.target.state === 'draining') retire(upstream, leaveMs(upstream.target))
    else upstream.retired = false
    const busy = upstream.inFlight > 0
    if (gone && !busy) known.delete(identity)
    if (gone && busy) unlisted.add(identity)
    else unlisted.delete(identity)
  }

  return {
    around,
    of,
    get: (identity) => known.get(identity),
    all: () => known.values(),
    checked() {
      for (const upstream of known.values()) look(upstream)
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
          place(upstream, target, nowMs)
          upstream.listed++
          touched.add(target.identity)
        }
      }
      for (const identity of touched) settleOne(identity, leaveMs, nowMs)
    },
  }
}

/** What begins in the last second before Docker ends it would hardly finish. */
function endOf({ target, endsAtMs }: Upstream, nowMs: number): number {
  if (target.halt !== 'stopping') return Infinity
  return Math.min(endsAtMs, nowMs + Math.max(0, target.stopTimeout * 1000 - 1000))
}

function samePlace(a: Target, b: Target): boolean {
  return a.ip === b.ip && a.port === b.port && a.protocol === b.protocol
}
