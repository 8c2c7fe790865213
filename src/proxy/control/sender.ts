import { type FedRoute, lesser, type Order, type RouteEdit } from '../feed.ts'
import type { RouteChange } from '../table/changes.ts'
import type { Lost } from '../table/memory.ts'
import type { TableRoute } from '../table/route.ts'
import type { RouteTable } from '../table/table.ts'
import { heirsOf } from './heirs.ts'
import { type Leaving, leavingOf } from './leaving.ts'

export type SenderOptions = {
  readonly post: (order: Order) => void
  /** A route in the form in which it is sent. */
  readonly fed: (route: TableRoute) => FedRoute
  /** The place of an endpoint in the counters; 0 for none. */
  readonly placeOf: (identity: string) => number
  /** Whether any route of the newest table has it. */
  readonly isListed: (identity: string) => boolean
  /** Sent at once and in one piece: the worker serves nobody yet. */
  readonly table: Pick<RouteTable, 'routes' | 'complete'>
  /** What is remembered, the oldest first; times are of the machine's clock. */
  readonly lost: readonly Lost[]
}

type Heirs = ReturnType<typeof heirsOf>

/** Routes in one piece: the worker answers nobody while it reads one. */
const most = 16

/**
 * Brings the route table to one worker. Large changes go in pieces, the next one when the last is in force, so that
 * requests come between; of a route that changes meanwhile only the newest is sent. A route goes when those are there
 * that have its hosts now. Endpoints that leave never wait: if they are many, the worker is told who they are, and the
 * edits follow.
 */
export class Sender {
  private readonly options: SenderOptions
  private readonly urgent = new Map<string, TableRoute | undefined>()
  private readonly calm = new Map<string, TableRoute | undefined>()
  private complete: boolean
  private told: boolean
  private unanswered = 1

  constructor(options: SenderOptions) {
    const { post, fed, table, lost } = options
    const { complete, routes } = table
    this.options = options
    this.complete = complete
    this.told = complete
    if (lost.length > 0) {
      post({
        kind: 'lost',
        lost: lost.map(({ route, ...rest }) => ({ ...rest, route: fed(route) })),
      })
    }
    const edits = routes.map((route): RouteEdit => [route.key, fed(route)])
    post({ kind: 'edits', edits, complete, last: true })
  }

  /** The table has changed; `complete` says whether it is all that there is. */
  change(changes: readonly RouteChange[], complete: boolean): void {
    this.complete = complete
    const heirs = heirsOf(changes, this.calm.values())
    const leaving = changes.flatMap((change) => this.queue(change, heirs))
    const many = leaving.length > 0 && this.urgent.size > most
    if (many) this.options.post({ kind: 'leaving', pairs: this.pairsOf(leaving) })
    if (this.unanswered === 0 || (leaving.length > 0 && !many)) this.send()
  }

  /** The worker has a piece in force, and may have the next one. */
  applied(): void {
    const isBehind = this.urgent.size + this.calm.size > 0 || this.told !== this.complete
    this.unanswered--
    if (this.unanswered === 0 && isBehind) this.send()
  }

  /** Sends `route`, or what has become of it, no later than what is urgent from now on. */
  private hurry(route: TableRoute): void {
    const { urgent, calm } = this
    const { key } = route
    if (urgent.has(key)) return
    urgent.set(key, calm.has(key) ? calm.get(key) : route)
    calm.delete(key)
  }

  private queue({ before, after }: RouteChange, heirs: Heirs): readonly Leaving[] {
    const { urgent, calm } = this
    const { key } = after ?? before ?? { key: '' }
    for (const heir of heirs.get(key) ?? []) {
      // it may have been there already, as something less
      urgent.delete(key)
      this.hurry(heir)
    }
    const leaving = leavingOf(before, after)
    if (leaving.length === 0 && !urgent.has(key)) {
      calm.set(key, after)
      return []
    }
    calm.delete(key)
    urgent.set(key, after)
    return leaving
  }

  /** Those that make somebody leave first. */
  private send(): void {
    const { urgent, calm, complete } = this
    const { fed, post } = this.options
    const edits: RouteEdit[] = []
    // before the first whole table requests are put off anyhow: the sooner it is there the better
    const room = this.told ? most : Infinity
    for (const queued of [urgent, calm]) {
      for (const [key, route] of queued) {
        if (edits.length === room) break
        queued.delete(key)
        edits.push([key, route && fed(route)])
      }
    }
    const last = urgent.size + calm.size === 0
    // what has not been sent may not be taken for what does not exist
    this.told = complete && (this.told || last)
    this.unanswered++
    post({ kind: 'edits', edits, complete: this.told, last })
  }

  /** An endpoint that has no place is out when its route is read. */
  private pairsOf(leaving: readonly Leaving[]): Int32Array {
    const { placeOf, isListed } = this.options
    const pairs = leaving.flatMap(([identity, now]) => {
      const place = placeOf(identity)
      // what leaves one route only may not leave the others
      if (place === 0 || (now === 'gone' && isListed(identity))) return []
      return [place, lesser.indexOf(now === 'moved' ? 'gone' : now)]
    })
    return Int32Array.from(pairs)
  }
}
