import { retryBudget } from '../budget.ts'
import { chooser } from '../choose.ts'
import type { Start } from '../feed.ts'
import { holdQueue } from '../hold.ts'
import { httpProxy } from '../http-proxy.ts'
import type { Listener } from '../listener.ts'
import type { Target } from '../route.ts'
import { serve } from '../serve.ts'
import { type HttpServer, httpServer } from '../server.ts'
import { trustOf } from '../trust.ts'
import { upstreams } from '../upstreams.ts'
import { countingIn } from './counting.ts'
import { liveTables } from './live-tables.ts'

/** Puts the parts of a worker together: what is in force, what is running, and the servers before it. */
export function planeOf(start: Start, catchUp: () => void) {
  const { entrypoints, counters, drainMs, holdMs, via, firstByteMs, idleMs } = start
  const counting = countingIn(counters)
  const known = upstreams(counters)
  const choosing = chooser(known)
  const hold = holdQueue({ sized: (size) => counting.held(size) })
  const tables = liveTables({
    catchUp,
    changed(changes, nowMs) {
      known.settle(changes, leaveMs(drainMs), nowMs)
      choosing.forget(changes)
      hold.wake()
    },
  })
  const shared = {
    tables,
    upstreams: known,
    chooser: choosing,
    budget: retryBudget(performance.now()),
    hold,
    holdMs,
    retried: () => counting.retried(),
  }
  const trust = trustOf(start.trust)
  const serving = { shared, counting, forward: httpProxy(), trust, via, firstByteMs, idleMs }
  const serverOf = (listener: Listener): HttpServer => {
    const { entrypoint } = listener
    return httpServer(listener, serve(entrypoint, entrypoints.indexOf(entrypoint), serving))
  }
  return { tables, known, serverOf }
}

/** A leaving container's work has to end a second before Docker ends it. */
function leaveMs(drainMs: number): (target: Target) => number {
  return ({ stopTimeout }) => Math.max(0, Math.min(drainMs, stopTimeout * 1000 - 1000))
}
