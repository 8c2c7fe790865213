import type { InstanceState } from '../core/instance.ts'
import type { AccessWish } from './access/wish.ts'
import type { CheckMarks, Counters } from './counters.ts'
import type { ClientTimes } from './http1/limits.ts'
import type { Bound, Listener } from './listener.ts'
import type { Share } from './middleware/share.ts'
import type { Lost } from './table/memory.ts'
import type { TableRoute } from './table/route.ts'
import type { TlsFeed } from './tls/contexts.ts'

/*
 * What crosses the border between the main thread and a worker: plain data, copied on its way.
 */

/** A route without what is made of its rule again on the other side. */
export type FedRoute = Omit<TableRoute, 'hosts' | 'matches' | 'problems' | 'policy' | 'chain'> & {
  /** As JSON: most routes have the same, which is read and kept once. */
  readonly policy: string
}

/** One that lost its last endpoint at `atMs` of the machine's clock, the oldest first. */
export type FedLost = Omit<Lost, 'route'> & { readonly route: FedRoute }

/** The route that this key has from now on, if any. */
export type RouteEdit = readonly [key: string, route: FedRoute | undefined]

/** What an endpoint may become that is less than it was. */
export const lesser = ['gone', 'draining', 'unhealthy', 'starting', 'ready'] as const satisfies (
  | InstanceState
  | 'gone'
)[]

/** What handshakes, and the way to them, go by from now on. */
export type Secure = {
  readonly feed: TlsFeed
  /** Where clients reach the entrypoint https; undefined: at its own port. */
  readonly httpsPort: number | undefined
}

/** What a worker is told. */
export type Order =
  | {
      readonly kind: 'edits'
      readonly edits: readonly RouteEdit[]
      /** Whether what is not in the table then does not exist. */
      readonly complete: boolean
      /** Whether no edit waits any more. */
      readonly last: boolean
    }
  /**
   * Endpoints that are less than they were, ahead of the edits that say the same: it costs next to nothing, however many
   * they are. Each is its place in the counters and the place in `lesser` of what it is now.
   */
  | { readonly kind: 'leaving'; readonly pairs: Int32Array }
  /** What is remembered of routes that have nobody any more; the first order, if any. */
  | { readonly kind: 'lost'; readonly lost: readonly FedLost[] }
  | ({ readonly kind: 'tls' } & Secure)
  /** The marks of checks have changed. */
  | { readonly kind: 'checked' }
  | { readonly kind: 'listen'; readonly listeners: readonly Listener[] }
  /** Let what runs finish, and end. */
  | { readonly kind: 'close' }

/** What a worker says. */
export type Report =
  | { readonly kind: 'listening'; readonly bound: readonly Bound[] }
  /** A listener could not be opened. */
  | { readonly kind: 'refused'; readonly message: string }
  /** Edits are in force. */
  | { readonly kind: 'applied' }
  | { readonly kind: 'warning'; readonly message: string }

/** What a worker is started with. */
export type Start = {
  /** Names of entrypoints; where a name stands here is its place in the counters. */
  readonly entrypoints: readonly string[]
  readonly drainMs: number
  readonly holdMs: number
  readonly firstByteMs: number
  readonly idleMs: number
  readonly clientTimes: ClientTimes
  /** What may wait in each worker for who does not keep up. */
  readonly bufferBytes: number
  readonly trust: readonly string[]
  /** What we are called in Via: the same in all workers, so that each knows what has been at another. */
  readonly via: string
  readonly counters: Counters
  /** What middlewares of all workers count in, and which of its places is this worker's. */
  readonly share: Share
  readonly seat: number
  /** Other ports of this process. */
  readonly ownPorts: readonly number[]
  readonly marks: CheckMarks
  /** Undefined: there is none. `turn`: see Lines. */
  readonly access: { readonly wish: AccessWish; readonly turn: Int32Array } | undefined
  /** How many orders there are, raised before one is sent. */
  readonly ordered: Int32Array
  /** Raised now and then for as long as the event loop moves. */
  readonly beats: Int32Array
}

/** The part that is the same for all. */
export type CommonStart = Omit<Start, 'ordered' | 'beats' | 'counters' | 'seat'>
