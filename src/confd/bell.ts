import { live } from '../core/live.ts'
import { sleep } from '../core/retry.ts'
import type { Wait } from './fields.ts'

export type Bell = {
  /** Says that something changed. Cheap; may be called a thousand times. */
  ring(): void
  /**
   * Yields once at first and then after rings: when none came for `minMs`, at the latest `maxMs` after the first
   * one. Rings while the listener is busy count for the next turn. Ends with `signal`.
   */
  rings(wait: Wait, signal: AbortSignal): AsyncIterable<void>
}

export function createBell(): Bell {
  const count = live(0)
  let lastMs = performance.now()

  const quiet = async ({ minMs, maxMs }: Wait, signal: AbortSignal) => {
    const latestMs = performance.now() + maxMs
    for (;;) {
      const restMs = Math.min(lastMs + minMs, latestMs) - performance.now()
      if (restMs <= 0 || signal.aborted) return
      await sleep(restMs, signal)
    }
  }

  return {
    ring() {
      lastMs = performance.now()
      count.set(count.current + 1)
    },
    async *rings(wait, signal) {
      let answered = -1
      for await (const rung of count.changes(signal)) {
        if (rung <= answered) continue
        await quiet(wait, signal)
        if (signal.aborted) return
        answered = count.current
        yield
      }
    },
  }
}
