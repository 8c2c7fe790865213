import { randomBytes } from 'node:crypto'

import { chooser } from './choose.ts'
import { retryBudget } from './exchange/budget.ts'
import { Engine } from './exchange/engine.ts'
import { holdQueue } from './exchange/hold.ts'
import { metricsIn } from './metrics.ts'
import type { ProxyOptions } from './options.ts'
import { ownParts } from './own-parts.ts'
import type { Target } from './route.ts'
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
  const { firstByteMs = 60_000, idleMs = 60_000, holdMs } = options
  const engine = new Engine({
    tables: current,
    upstreams: known,
    chooser: choosing,
    budget: retryBudget(performance.now()),
    hold,
    counts: metricsIn(options.registry, () => hold.size),
    trust: trustOf(options.trust),
    via: `portolan-${randomBytes(6).toString('hex')}`,
    holdMs,
    firstByteMs,
    idleMs,
  })
  const servers = options.listeners.map((listener) => httpServer(listener, engine))
  return { own, current, known, servers, engine }
}

/** A leaving container's work has to end a second before Docker ends it. */
function leaveMs(drainMs: number): (target: Target) => number {
  return ({ stopTimeout }) => Math.max(0, Math.min(drainMs, stopTimeout * 1000 - 1000))
}
