import { PortolanError } from '../core/errors.ts'
import type { Batch } from './store.ts'

/** The newest batches, one for each revision, and who waits for more. */
export type History = {
  /** Revision of the newest batch; 1 in a new store, as in etcd. */
  readonly revision: number
  add(edits: Batch['edits']): void
  /** Every batch after revision `after`; the contract is that of `Store.watch`, for all keys. */
  after(after: number, signal: AbortSignal): AsyncIterable<Batch>
}

/** Holds at least the last `keep` batches. */
export function createHistory(keep: number): History {
  let batches: Batch[] = []
  let revision = 1
  const readers = new Set<() => void>()

  const next = (after: number): Batch | undefined => {
    if (after === revision) return undefined
    const batch = batches[after + batches.length - revision]
    if (batch) return batch
    throw after > revision ? notYet(after, revision) : gone(after)
  }
  return {
    get revision() {
      return revision
    },
    add(edits) {
      batches.push({ revision: ++revision, edits })
      // cut seldom: a shift for each batch would copy the whole list each time
      if (batches.length >= 2 * keep) batches = batches.slice(-keep)
      for (const wake of readers) wake()
    },
    async *after(after, signal) {
      let seen = after
      let wake = () => {}
      const reader = () => wake()
      readers.add(reader)
      signal.addEventListener('abort', reader)
      try {
        while (!signal.aborted) {
          const batch = next(seen)
          if (batch) {
            seen = batch.revision
            yield batch
          } else {
            await new Promise<void>((resolve) => {
              wake = resolve
            })
          }
        }
      } finally {
        readers.delete(reader)
        signal.removeEventListener('abort', reader)
      }
    },
  }
}

function gone(after: number) {
  return new PortolanError(
    'compacted',
    `the history after revision ${after} is gone from the embedded store; list again`,
  )
}

function notYet(after: number, revision: number) {
  return new PortolanError(
    'store-down',
    `revision ${after} is newer than the embedded store's ${revision}; list again`,
  )
}
