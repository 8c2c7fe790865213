import { noService } from '../counters.ts'
import type { Arrival, Delivering } from './arrival.ts'
import type { Outcome, TcpCounts } from './counts.ts'
import { Delivery } from './delivery.ts'
import { routeOf } from './route-of.ts'
import { unwrapped } from './unwrap.ts'
import { connectionView } from './view.ts'

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
