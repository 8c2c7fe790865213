import { randomBytes } from 'node:crypto'

import type { CheckMarks } from './counters.ts'
import type { Start } from './feed.ts'
import type { ProxyOptions } from './options.ts'
import { trustOf } from './trust.ts'

/** What all workers are started with. Throws `bad-config` for a bad `trust`. */
export function startOf(
  { drainMs, holdMs, trust, firstByteMs = 60_000, idleMs = 60_000 }: ProxyOptions,
  entrypoints: readonly string[],
  marks: CheckMarks,
): Omit<Start, 'ordered' | 'counters'> {
  trustOf(trust)
  const via = `portolan-${randomBytes(6).toString('hex')}`
  return { entrypoints, marks, drainMs, holdMs, firstByteMs, idleMs, trust, via }
}
