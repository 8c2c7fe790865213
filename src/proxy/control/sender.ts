import type { RouteChange } from '../changes.ts'
import { type FedRoute, lesser, type Order, type RouteEdit } from '../feed.ts'
import type { Lost } from '../memory.ts'
import type { TableRoute } from '../route.ts'
import type { RouteTable } from '../table.ts'
import { heirsOf } from './heirs.ts'
import { type Leaving, leavingOf } from './leaving.ts'

/** Brings the route table to one worker. */
export type Sender = {
  /** The table has changed; `complete` says whether it is all that there is. */
  change(changes: readonly RouteChange[], complete: boolean): void
  /** The worker has a piece in force, and may have the next one. */
  applied(): void
}

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
 * Large changes go in pieces, the next one when the last is in force, so that requests come between; of a route that
 * changes meanwhile only the newest is sent. A route goes when those are there that have its hosts now. Endpoints that
 * leave never wait: if they are many, the worker is told who they are, and the edits follow.
 */
export function sender({ post, fed, placeOf, isListed, table, lost }: SenderOptions): Sender {
  const urgent = new Map<string, TableRoute | undefined>()
  const calm = new Map<string, TableRoute | undefined>()
  let { complete } = table
  let told = complete
  let unanswered = 1

  /** Sends `route`, or what has become of it, no later than what is urgent from now on. */
  function hurry(route: TableRoute): void {
    const { key } = route
    if (urgent.has(key)) return
    urgent.set(key, calm.has(key) ? calm.get(key) : route)
    calm.delete(key)
  }

  function queue({ before, after }: RouteChange, heirs: Heirs): readonly Leaving[] {
    const { key } = after ?? before ?? { key: '' }
    for (const heir of heirs.get(key) ?? []) {
      // it may have been there already, as something less
      urgent.delete(key)
      hurry(heir)
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
  function send(): void {
    const edits: RouteEdit[] = []
    // before the first whole table requests are put off anyhow: the sooner it is there the better
    const room = told ? most : Infinity
    for (const queued of [urgent, calm]) {
      for (const [key, route] of queued) {
        if (edits.length === room) break
        queued.delete(key)
        edits.push([key, route && fed(route)])
      }
    }
    const last = urgent.size + calm.size === 0
    // what has not been sent may not be taken for what does not exist
    told = complete && (told || last)
    unanswered++
    post({ kind: 'edits', edits, complete: told, last })
  }

  /** An endpoint that has no place is out when its route is read. */
  function pairsOf(leaving: readonly Leaving[]): Int32Array {
    const pairs = leaving.flatMap(([identity, now]) => {
      const place = placeOf(identity)
      // what leaves one route only may not leave the others
      if (place === 0 || (now === 'gone' && isListed(identity))) return []
      return [place, lesser.indexOf(now === 'moved' ? 'gone' : now)]
    })
    return Int32Array.from(pairs)
  }

  const all = table.routes.map((route): RouteEdit => [route.key, fed(route)])
  if (lost.length > 0) {
    post({ kind: 'lost', lost: lost.map(({ route, ...rest }) => ({ ...rest, route: fed(route) })) })
  }
  post({ kind: 'edits', edits: all, complete, last: true })

  return {
    change(changes, isComplete) {
      complete = isComplete
      const heirs = heirsOf(changes, calm.values())
      const leaving = changes.flatMap((change) => queue(change, heirs))
      const many = leaving.length > 0 && urgent.size > most
      if (many) post({ kind: 'leaving', pairs: pairsOf(leaving) })
      if (unanswered === 0 || (leaving.length > 0 && !many)) send()
    },
    applied() {
      unanswered--
      if (unanswered === 0 && (urgent.size + calm.size > 0 || told !== complete)) send()
    },
  }
}
