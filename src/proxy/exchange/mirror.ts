import type { TableRoute } from '../table/route.ts'
import { mostCopiedBytes } from './copies.ts'
import type { Exchange } from './exchange.ts'
import { ownerFor } from './owner.ts'

/** Has a copy of the request go to a mirror of its route, if it is one of the share that mirrors get. */
export function mirrorRequest(exchange: Exchange, route: TableRoute): void {
  const { asked, engine, sending, guard, id } = exchange
  if (asked.isUpgrade) return
  const upstream = engine.chooser.mirrorOf(route, asked, performance.now())
  if (!upstream) return
  if (asked.length > mostCopiedBytes) return engine.copies.tooLarge()
  const { target } = upstream
  const head = guard ? guard.headFor(route, target, id) : asked.textFor(route, target, id)
  const copy = engine.copies.begin(upstream, head, ownerFor(target, asked.origin.ends))
  if (copy) sending.copyTo(copy)
}
