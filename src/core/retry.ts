import { setTimeout as pause } from 'node:timers/promises'

export type OnError = (error: unknown, retryInMs: number) => void

export type Backoff = {
  readonly firstMs?: number
  readonly maxMs?: number
}

/**
 * Pause before try number `failures + 1`: doubles from `firstMs` (100 ms) up to `maxMs` (30 s).
 * Up to a fifth of it is random, so that many clients of one server don't come back together.
 */
export function backoffMs(
  failures: number,
  { firstMs = 100, maxMs = 30_000 }: Backoff = {},
): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(failures, 30))
  return Math.round(full * (1 - Math.random() / 5))
}

/** Calls `step` until it succeeds, with growing pauses. Rejects only when `signal` aborts. */
export async function untilSuccess<T>(
  step: () => Promise<T>,
  onError: OnError,
  signal: AbortSignal,
  backoff?: Backoff,
): Promise<T> {
  for (let failures = 0; ; failures++) {
    signal.throwIfAborted()
    try {
      return await step()
    } catch (error) {
      signal.throwIfAborted()
      const retryInMs = backoffMs(failures, backoff)
      onError(error, retryInMs)
      await pause(retryInMs, undefined, { signal })
    }
  }
}

/** Resolves when `signal` aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}

/** More than Node's timers take: they would be over at once. */
export const longestTimerMs = 2 ** 31 - 1

/** Aborts after `ms`, or 24 days. Where somebody else says how long: AbortSignal.timeout throws at parts of a millisecond. */
export function limitOf(ms: number): AbortSignal {
  return AbortSignal.timeout(Math.min(Math.ceil(ms), longestTimerMs))
}

/** Resolves after `ms`, or 24 days, or at once when `signal` aborts; never rejects. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(Math.min(ms, longestTimerMs), undefined, { signal })
  } catch {
    // an aborted pause is only a shorter one: callers look at the signal
  }
}
