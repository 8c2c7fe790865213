import type { Instance } from '../core/instance.ts'
import { sleep } from '../core/retry.ts'

export type DoubtOptions = {
  /** Whether something still answers where the instance listens. */
  readonly probe: (instance: Instance, signal: AbortSignal) => Promise<boolean>
  /** No instance is kept longer than this without its node. */
  readonly limitMs: number
  readonly everyMs?: number
  /** The doubt about `key` is over: it is gone. */
  readonly drop: (key: string) => void
}

export type Doubts = ReturnType<typeof doubtful>

/**
 * Instances whose node was lost by its lease, or that a store forgot. Their containers may well run on: each is
 * kept while it still answers, for `limitMs` at the most.
 */
export function doubtful(
  { probe, limitMs, everyMs = 1000, drop }: DoubtOptions,
  signal: AbortSignal,
) {
  const watched = new Map<string, AbortController>()

  async function watch(key: string, instance: Instance, until: AbortSignal): Promise<void> {
    const endMs = performance.now() + limitMs
    while (!until.aborted && performance.now() < endMs) {
      if (!(await probe(instance, until))) break
      await sleep(Math.max(0, Math.min(everyMs, endMs - performance.now())), until)
    }
    if (until.aborted) return
    watched.delete(key)
    drop(key)
  }

  return {
    keep(key: string, instance: Instance): void {
      if (watched.has(key)) return
      const stop = new AbortController()
      watched.set(key, stop)
      void watch(key, instance, AbortSignal.any([signal, stop.signal]))
    },
    /** It is known again, or known to be gone. */
    settle(key: string): void {
      watched.get(key)?.abort()
      watched.delete(key)
    },
  }
}
