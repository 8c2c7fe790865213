import { randomBytes } from 'node:crypto'

import type { CommonStart } from './feed.ts'
import { newShare } from './middleware/share.ts'
import type { ProxyOptions } from './options.ts'
import { trustOf } from './trust.ts'

/** What all workers are started with. Throws `bad-config` for a bad `trust`. */
export function startOf(options: ProxyOptions, entrypoints: readonly string[]): CommonStart {
  const {
    drainMs,
    holdMs,
    trust,
    ownPorts,
    workers,
    firstByteMs = 60_000,
    idleMs = 60_000,
  } = options
  trustOf(trust)
  const via = `portolan-${randomBytes(6).toString('hex')}`
  const share = newShare(workers)
  return { entrypoints, drainMs, holdMs, firstByteMs, idleMs, trust, via, share, ownPorts }
}
