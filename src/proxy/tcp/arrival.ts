import type { Socket } from 'node:net'

import type { TcpTrail } from '../access/tcp-trail.ts'
import type { HoldQueue } from '../exchange/hold.ts'
import type { Tables } from '../table/tables.ts'
import type { Terminator } from '../tls/terminator.ts'
import type { Chooser } from '../worker/choose.ts'
import type { Upstreams } from '../worker/upstreams.ts'
import type { Room } from './flow.ts'
import type { Gates } from './gates.ts'
import type { Began, WhoConnects } from './opening.ts'

/** What the deliveries of a plane share. */
export type Delivering = Room & {
  readonly tables: Tables
  readonly upstreams: Upstreams
  readonly chooser: Chooser
  readonly hold: HoldQueue
  readonly holdMs: number
  readonly gates: Gates
  readonly tls: Terminator
}

/** An accepted connection, and what is known of it by now. */
export type Arrival = {
  readonly client: Socket
  /** What carries `client`: the same, or the socket below its TLS. */
  readonly wire: Socket
  readonly entrypoint: string
  readonly ends: WhoConnects
  /** For the access log; undefined: there is none. */
  readonly trail: TcpTrail | undefined
} & Omit<Began, 'isBad'>
