import { watch } from 'node:fs/promises'

import { sleep } from '../core/retry.ts'

/**
 * Calls `onChange` when something below `folder` may have changed, and every `everyMs` in any case: watching
 * misses folders that are mounted or made later. Ends with `signal`.
 */
export async function watchFolder(
  folder: string,
  everyMs: number,
  onChange: () => void,
  signal: AbortSignal,
): Promise<void> {
  const timer = setInterval(onChange, everyMs)
  try {
    while (!signal.aborted) {
      await watchOnce(folder, onChange, signal)
      onChange()
      await sleep(everyMs, signal)
    }
  } finally {
    clearInterval(timer)
  }
}

/** Until `signal` aborts, or the folder cannot be watched: then the interval has to do. */
async function watchOnce(folder: string, onChange: () => void, signal: AbortSignal) {
  try {
    for await (const _ of watch(folder, { recursive: true, signal })) onChange()
  } catch {
    // not there, removed, or no watches left on this machine
  }
}
