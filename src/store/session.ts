import type { Live } from '../core/live.ts'
import type { OnError } from '../core/retry.ts'
import type { Lease, Store } from './store.ts'

export type SessionOptions = {
  readonly store: Pick<Store, 'grant' | 'keepAlive' | 'revoke'>
  readonly ttlSeconds: number
  readonly onError: OnError
}

/** This node's one lease, kept alive, granted anew when it is lost. */
export type Session = {
  /** Undefined until there is one, and from the moment it is known to be lost until there is a new one. */
  readonly lease: Live<Lease | undefined>
  /** Holds a lease until `signal` aborts. Does not revoke at the end: a restart is not a leave. */
  run(signal: AbortSignal): Promise<void>
  /** Gives the lease back and takes no other: the node leaves. */
  leave(signal: AbortSignal): Promise<void>
}

export declare function createSession(options: SessionOptions): Session
