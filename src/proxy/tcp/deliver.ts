import type { Socket } from 'node:net'

import type { TcpTrail } from '../access/tcp-trail.ts'
import { noService } from '../counters.ts'
import type { HoldQueue } from '../exchange/hold.ts'
import type { Tables } from '../table/tables.ts'
import type { Terminator } from '../tls/terminator.ts'
import type { Chooser } from '../worker/choose.ts'
import type { Upstreams } from '../worker/upstreams.ts'
import type { Outcome, TcpCounts } from './counts.ts'
import { Delivery } from './delivery.ts'
import type { Room } from './flow.ts'
import type { Gates } from './gates.ts'
import type { Began, WhoConnects } from './opening.ts'
import { routeOf } from './route-of.ts'
import { unwrapped } from './unwrap.ts'
import { connectionView } from './view.ts'

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

/** How a connection went; `slot`: where its service is counted. Called once. */
export type Done = (outcome: Outcome, slot: number) => void

/** Finds the route of a connection, lets it in or not, finds an endpoint, and passes bytes until both have ended. */
export function deliver(arrival: Arrival, shared: Delivering, counts: TcpCounts, done: Done): void {
  const { entrypoint, ends, hello, trail } = arrival
  const asking = connectionView(ends, hello)
  const route = routeOf(shared.tables, entrypoint, asking, hello)
  if (!route?.tcp) return done('unrouted', noService)
  const { slot, closed, key, tcp } = route
  if (trail) trail.route = route
  if (closed !== undefined) return done('denied', slot)
  const entered = shared.gates.enter(key, tcp, ends)
  if (!entered) return done('denied', slot)
  const ended = (outcome: Outcome) => {
    entered[Symbol.dispose]()
    done(outcome, slot)
  }
  const begin = (plain: Arrival) => new Delivery(plain, asking, tcp, shared, counts, ended)
  if (tcp.tls !== 'ended') return begin(arrival).goBy(route)
  unwrapped(arrival, shared.tls, (plain) => {
    if (plain) begin(plain).look()
    else ended('bad')
  })
}
