import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { backoffMs } from '../core/retry.ts'
import type { Chart } from './chart.ts'
import type { Reading } from './inspect.ts'
import type { Timers } from './timers.ts'

export type Looker = {
  /** One look at `id`; false when it has to be done again at once. Never rejects. */
  look(id: string, inspect: () => Promise<Reading | undefined>): Promise<boolean>
  /** How many looks have failed so far. */
  readonly failures: number
}

/**
 * One container that can't be read, or is stuck in the engine, harms no other: it is said once, keeps what was
 * known of it, and is tried again with growing pauses.
 */
export function createLooker(
  chart: Pick<Chart, 'look'>,
  ask: (id: string) => void,
  timers: Timers,
  log: Log,
): Looker {
  const failed = new Map<string, number>()
  const dropped = new Set<string>()
  let failures = 0

  const warnOfLabels = (id: string, reading: Reading | undefined) => {
    if (!reading?.labelsDropped) dropped.delete(id)
    else if (!dropped.has(id)) {
      dropped.add(id)
      log.warn({ container: reading.container.name }, 'labels of more than 1 MiB are ignored')
    }
    return reading
  }
  return {
    get failures() {
      return failures
    },
    async look(id, inspect) {
      try {
        const done = await chart.look(id, async () => warnOfLabels(id, await inspect()))
        failed.delete(id)
        return done
      } catch (error) {
        failures++
        const times = failed.get(id) ?? 0
        failed.set(id, times + 1)
        const retryInMs = backoffMs(times, { firstMs: 500 })
        timers.set(`retry ${id}`, retryInMs, () => ask(id))
        const fields = { container: id.slice(0, 12), reason: messageOf(error), retryInMs }
        if (times === 0) log.warn(fields, 'a container could not be read, what was known stays')
        return true
      }
    },
  }
}
