import { randomBytes } from 'node:crypto'

import type { CheckMarks } from './counters.ts'
import type { CommonStart } from './feed.ts'
import { usualTimes } from './http1/limits.ts'
import { newShare } from './middleware/share.ts'
import type { ProxyOptions } from './options.ts'
import { trustOf } from './trust.ts'
import { usualBufferBytes } from './usual-buffers.ts'

/** What all workers are started with. Throws `bad-config` for a bad `trust`. */
export function startOf(
  options: ProxyOptions,
  entrypoints: readonly string[],
  marks: CheckMarks,
): CommonStart {
  const {
    drainMs,
    holdMs,
    trust,
    ownPorts,
    workers,
    accessLog = { kind: 'off' },
    firstByteMs = 60_000,
    idleMs = 60_000,
    bufferBytes = usualBufferBytes(),
  } = options
  trustOf(trust)
  const via = `portolan-${randomBytes(6).toString('hex')}`
  // who replaces a worker that hangs is there before that one has gone
  const share = newShare(2 * workers)
  const clientTimes = { ...usualTimes, ...options.clientTimes }
  const times = { drainMs, holdMs, firstByteMs, idleMs, clientTimes }
  const { kind } = accessLog
  const turn = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const access = kind === 'off' ? undefined : { wish: accessLog, turn }
  const buffers = { bufferBytes: Math.ceil(bufferBytes / workers) }
  return { entrypoints, marks, access, ...times, ...buffers, trust, via, share, ownPorts }
}
