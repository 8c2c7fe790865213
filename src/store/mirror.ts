import type { Live } from '../core/live.ts'
import type { OnError } from '../core/retry.ts'
import type { Entry, Store } from './store.ts'

export type MirrorOptions = {
  readonly store: Pick<Store, 'list' | 'watch'>
  readonly prefix: string
  readonly onError: OnError
}

/** How fresh a mirror is. `reading`: nothing was ever read. `away`: the last good copy stays. */
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

export declare function createMirror(options: MirrorOptions): Mirror
