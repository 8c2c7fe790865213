import { sleep } from '../../core/retry.ts'

/** Looks at somebody from one to the next of which nothing may have moved. */
export const patience = 10

/** A look that comes so much later than it was due says as much of who looks as of who is looked at. */
const late = 1.5

/**
 * Calls `look` so often that `patience` looks take `hangMs`, until `signal` aborts. Left out is a look that comes late:
 * the machine was suspended, or has more to do than it can, and then nobody is to blame for standing still.
 */
export async function watching(
  hangMs: number,
  look: () => void,
  signal: AbortSignal,
): Promise<void> {
  const everyMs = hangMs / patience
  while (!signal.aborted) {
    const beganMs = performance.now()
    await sleep(everyMs, signal)
    if (!signal.aborted && performance.now() - beganMs < everyMs * late) look()
  }
}

/** Whether an event loop hangs, of which `beats` is another number whenever it has moved; asked at each look. */
export function pulse(beats: () => number): () => boolean {
  let last = 0
  let still = 0
  return () => {
    const now = beats()
    // it has not even begun: its start may take long
    still = now === 0 || now !== last ? 0 : still + 1
    last = now
    return still >= patience
  }
}
