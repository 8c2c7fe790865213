import { retryBudget } from '../exchange/budget.ts'
import { Engine } from '../exchange/engine.ts'
import { holdQueue } from '../exchange/hold.ts'
import type { Start } from '../feed.ts'
import type { Listener } from '../listener.ts'
import type { Target } from '../route.ts'
import { type HttpServer, httpServer } from '../server.ts'
import { trustOf } from '../trust.ts'
import { chooser } from './choose.ts'
import { countingIn } from './counting.ts'
import { liveTables } from './live-tables.ts'
import { upstreams } from './upstreams.ts'

/** Puts the parts of a worker together: what is in force, what is running, and the servers before it. */
export function planeOf(start: Start, catchUp: () => void) {
  const { entrypoints, counters, drainMs, holdMs, via, firstByteMs, idleMs } = start
  const counting = countingIn(counters)
  const known = upstreams({ shown: counters, marks: start.marks })
  const choosing = chooser(known)
  const hold = holdQueue({ sized: (size) => counting.held(size) })
  const tables = liveTables({
    catchUp,
    changed(changes, nowMs) {
      known.settle(changes, leaveMs(drainMs), nowMs)
      choosing.settle(changes)
      hold.wake()
    },
  })
  const engine = new Engine({
    tables,
    upstreams: known,
    chooser: choosing,
    budget: retryBudget(performance.now()),
    hold,
    counts: counting,
    trust: trustOf(start.trust),
    via,
    holdMs,
    firstByteMs,
    idleMs,
  })
  const serverOf = (listener: Listener): HttpServer =>
    httpServer(listener, entrypoints.indexOf(listener.entrypoint), engine)
  return {
    tables,
    engine,
    serverOf,
    /** Checks say something else of somebody. */
    checked(): void {
      known.checked()
      hold.wake()
    },
  }
}

/** A leaving container's work has to end a second before Docker ends it. */
function leaveMs(drainMs: number): (target: Target) => number {
  return ({ stopTimeout }) => Math.max(0, Math.min(drainMs, stopTimeout * 1000 - 1000))
}
