import { randomBytes } from 'node:crypto'

import { retryBudget } from './budget.ts'
import { chooser } from './choose.ts'
import { holdQueue } from './hold.ts'
import { httpProxy } from './http-proxy.ts'
import { metricsIn } from './metrics.ts'
import type { ProxyOptions } from './options.ts'
import { ownParts } from './own-parts.ts'
import type { Target } from './route.ts'
import { serve } from './serve.ts'
import { httpServer } from './server.ts'
import { tables } from './tables.ts'
import { trustOf } from './trust.ts'
import { upstreams } from './upstreams.ts'

/** Puts the parts of the data plane together: what is in force, what is running, and the servers before it. */
export function planeOf(options: ProxyOptions) {
  const known = upstreams()
  const choosing = chooser(known)
  const hold = holdQueue()
  const own = ownParts(options.self, options.ownPorts)
  const current = tables({
    catalog: options.catalog,
    vantage: options.vantage,
    own: () => own.parts(),
    report: options.report,
    changed(changes, nowMs) {
      known.settle(changes, leaveMs(options.drainMs), nowMs)
      choosing.forget(changes)
      hold.wake()
      options.log.debug({ changes: changes.length }, 'route table replaced')
    },
  })
  const metrics = metricsIn(options.registry, () => hold.size)
  const shared = {
    tables: current,
    upstreams: known,
    chooser: choosing,
    budget: retryBudget(performance.now()),
    hold,
    holdMs: options.holdMs,
    retried: () => metrics.retried(),
  }
  const { firstByteMs = 60_000, idleMs = 60_000 } = options
  const via = `portolan-${randomBytes(6).toString('hex')}`
  const trust = trustOf(options.trust)
  const serving = { shared, metrics, forward: httpProxy(), trust, via, firstByteMs, idleMs }
  const servers = options.listeners.map((listener) =>
    httpServer(listener, serve(listener.entrypoint, serving)),
  )
  return { own, current, known, servers }
}

/** A leaving container's work has to end a second before Docker ends it. */
function leaveMs(drainMs: number): (target: Target) => number {
  return ({ stopTimeout }) => Math.max(0, Math.min(drainMs, stopTimeout * 1000 - 1000))
}
