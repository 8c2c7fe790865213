/** A value and the lease that it hangs on; `lease` is empty for a key that stays. */
export type Entry = { readonly value: string; readonly lease: string }

/** One edit that we want. */
export type Change =
  | { readonly kind: 'put'; readonly key: string; readonly value: string }
  | { readonly kind: 'delete'; readonly key: string }

/** One edit that has happened. */
export type Edit =
  | { readonly kind: 'put'; readonly key: string; readonly entry: Entry }
  | { readonly kind: 'delete'; readonly key: string }

/** All entries under a prefix as they were at one revision. Revisions only grow, also across keys. */
export type Snapshot = {
  readonly revision: number
  readonly entries: ReadonlyMap<string, Entry>
}

/** The edits that made `revision`, in order; a transaction or the end of a lease is one batch. */
export type Batch = { readonly revision: number; readonly edits: readonly Edit[] }

/** What must hold for a transaction to be made. `value: undefined`: the key must not exist. */
export type Guard = { readonly key: string; readonly value: string | undefined }

export type ApplyOptions = {
  /** Puts hang on this lease. */
  readonly lease?: string
  readonly guards?: readonly Guard[]
}

/** `applied: false`: a guard did not hold, nothing was changed. */
export type Applied = { readonly applied: boolean; readonly revision: number }

/** `ttlSeconds` is what the store granted, which may be more than was asked for. */
export type Lease = { readonly id: string; readonly ttlSeconds: number }

/**
 * What Portolan needs of a key-value store; etcd and the embedded one are the two that there are.
 * Every method rejects within a few seconds with a PortolanError of code `store-down` when the store does not
 * answer, and `store-refused` when it answers with no (quota, authentication). After `store-down` a write may or
 * may not have happened: repeat it, all our writes are idempotent. Prefixes are plain: `/a/` does not match `/ab`.
 */
export type Store = AsyncDisposable & {
  /** Where it is, for people: `embedded` or its endpoints. Never has a password in it. */
  readonly name: string
  list(prefix: string, signal: AbortSignal): Promise<Snapshot>
  /**
   * Every batch after revision `after`, none lost, none twice. Ends with `signal`. Throws `compacted` when that
   * history is gone, and `store-down` on any doubt that nothing was lost (cut, stall, a store that went
   * backwards): the cure for all is to list again.
   */
  watch(prefix: string, after: number, signal: AbortSignal): AsyncIterable<Batch>
  /** All or nothing, one revision, at most 100 changes, no key twice. */
  apply(changes: readonly Change[], options: ApplyOptions, signal: AbortSignal): Promise<Applied>
  grant(ttlSeconds: number, signal: AbortSignal): Promise<Lease>
  /** Seconds that the lease has from now; 0 when it is lost. */
  keepAlive(lease: string, signal: AbortSignal): Promise<number>
  /** Ends the lease: its entries vanish in one batch. Unknown leases are fine. */
  revoke(lease: string, signal: AbortSignal): Promise<void>
}
