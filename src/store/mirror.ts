import { messageOf } from '../core/errors.ts'
import { live, type Live } from '../core/live.ts'
import { backoffMs, type OnError, sleep } from '../core/retry.ts'
import { createCopy } from './copy.ts'
import type { Entry, Store } from './store.ts'

export type MirrorOptions = {
  readonly store: Pick<Store, 'list' | 'watch'>
  readonly prefix: string
  readonly onError: OnError
}

/**
 * How fresh a mirror is. `reading`: nothing was ever read. `away`: the last good copy stays; `sinceMs` is
 * Date.now() of that moment, for people.
 */
export type MirrorStatus =
  | { readonly kind: 'reading'; readonly reason: string | undefined }
  | { readonly kind: 'live' }
  | { readonly kind: 'away'; readonly reason: string; readonly sinceMs: number }

/** A copy of the entries under a prefix that stays true. */
export type Mirror = {
  /** Of the newest whole batch, edited in place: read it synchronously, keep nothing of it. */
  readonly entries: ReadonlyMap<string, Entry>
  readonly revision: number
  readonly status: Live<MirrorStatus>
  /**
   * Yields the keys that changed since this follower's last turn: first, and only once the store has been
   * read, all of them; a slow follower gets the union. So nobody takes "not read yet" for "empty".
   */
  follow(signal: AbortSignal): AsyncIterable<ReadonlySet<string>>
  /** Reads and follows the store until `signal` aborts; lists again on any doubt. */
  run(signal: AbortSignal): Promise<void>
}

/** A watch that lived this long was a good one: the next failure is a new one. */
const goodMs = 5000
/** The longest pause: with the transport's own, a copy is fresh within 2 s of the store's return. */
const mostMs = 1000

/** Whatever ends a watch (a lost connection, a compaction, another store), the cure is the same: list again. */
export function createMirror({ store, prefix, onError }: MirrorOptions): Mirror {
  const copy = createCopy()
  const status = live<MirrorStatus>({ kind: 'reading', reason: undefined })

  const read = async (signal: AbortSignal) => {
    copy.replace(await store.list(prefix, signal))
    if (status.current.kind !== 'live') status.set({ kind: 'live' })
    for await (const batch of store.watch(prefix, copy.revision, signal)) copy.edit(batch)
  }

  return {
    entries: copy.entries,
    get revision() {
      return copy.revision
    },
    status,
    follow: copy.follow,
    async run(signal) {
      for (let failures = 0; !signal.aborted;) {
        const startedMs = performance.now()
        try {
          await read(signal)
        } catch (error) {
          if (signal.aborted) return
          if (performance.now() - startedMs > goodMs) failures = 0
          status.set(worse(status.current, messageOf(error)))
          const retryInMs = backoffMs(failures++, { maxMs: mostMs })
          onError(error, retryInMs)
          await sleep(retryInMs, signal)
        }
      }
    },
  }
}

function worse(before: MirrorStatus, reason: string): MirrorStatus {
  if (before.kind === 'reading') return { kind: 'reading', reason }
  const sinceMs = before.kind === 'away' ? before.sinceMs : Date.now()
  return { kind: 'away', reason, sinceMs }
}
