import type { RequestView } from '../../core/rule/request.ts'
import type { FedLost, Order } from '../feed.ts'
import type { Chains } from '../middleware/chains.ts'
import { machineMs } from '../middleware/share.ts'
import type { RouteChange } from '../table/changes.ts'
import { look } from '../table/look.ts'
import { hasRoutes, hostRank, type Match } from '../table/match.ts'
import { type OwnMemory, recallIn, rememberIn } from '../table/memory.ts'
import type { TableRoute } from '../table/route.ts'
import { type OwnIndex, reindex } from '../table/shelves.ts'
import type { Tables } from '../table/tables.ts'
import { leavers } from './leavers.ts'
import { routeReader } from './read-route.ts'

export type LiveTables = Tables & {
  apply(edits: Extract<Order, { kind: 'edits' }>): void
  /** Before all edits: what somebody before us remembered. */
  recall(lost: readonly FedLost[]): void
  /** Each route loses those endpoints before it is found for the next time; its edit follows. */
  leave(pairs: Int32Array): void
}

export type LiveTablesOptions = {
  readonly chains: Chains
  /** Called before each look: what has come is applied by it. */
  readonly catchUp: () => void
  readonly changed: (changes: readonly RouteChange[], nowMs: number) => void
}

/** The table of one worker, which is edited in place: the cost of an edit does not grow with the table. */
export function liveTables({ catchUp, changed, chains }: LiveTablesOptions): LiveTables {
  const readRoute = routeReader(chains)
  const routes = new Map<string, TableRoute>()
  const index: OwnIndex = new Map()
  const leaving = leavers()
  let table = { complete: false }
  const memory: OwnMemory = { lost: new Map(), ghosts: new Map(), untilMs: Infinity }

  function change(changes: readonly RouteChange[], complete: boolean): void {
    const nowMs = performance.now()
    reindex(index, changes)
    rememberIn(memory, changes, nowMs)
    table = { complete }
    changed(changes, nowMs)
  }

  function replaced(key: string, after: TableRoute | undefined): RouteChange[] {
    const before = routes.get(key)
    if (after) routes.set(key, after)
    else {
      routes.delete(key)
      chains.forget(key)
    }
    return before || after ? [{ before, after }] : []
  }

  function found(entrypoint: string, request: RequestView): Match | undefined {
    const nowMs = memory.lost.size === 0 ? 0 : performance.now()
    if (nowMs >= memory.untilMs) rememberIn(memory, [], nowMs)
    return look(index, memory, entrypoint, request)
  }

  return {
    get table() {
      catchUp()
      return table
    },
    get memory() {
      catchUp()
      return memory
    },
    find(entrypoint, request) {
      catchUp()
      const first = found(entrypoint, request)
      const after = first && leaving.some ? leaving.without(first.route) : undefined
      if (!after) return first
      change(replaced(after.key, after), table.complete)
      return found(entrypoint, request)
    },
    has(place) {
      catchUp()
      return hasRoutes(index, place) || hasRoutes(memory.ghosts, place)
    },
    hostRank(place, host) {
      catchUp()
      return Math.max(hostRank(index, place, host), hostRank(memory.ghosts, place, host))
    },
    recall(lost) {
      const shiftMs = performance.now() - machineMs()
      const read = lost.flatMap(({ atMs, gone, route: fed }) => {
        const route = readRoute(fed)
        if (gone) chains.forget(fed.key)
        return route ? [{ atMs: atMs + shiftMs, gone, route }] : []
      })
      recallIn(memory, read)
    },
    apply({ edits, complete, last }) {
      const changes = edits.flatMap(([key, fed]) => {
        leaving.read(key)
        return replaced(key, fed && readRoute(fed))
      })
      if (last) leaving.done()
      change(changes, complete)
    },
    leave(pairs) {
      leaving.add(pairs)
      // whoever remembers a route of it has to look again
      table = { ...table }
    },
  }
}
