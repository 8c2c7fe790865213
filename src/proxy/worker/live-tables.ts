import type { RequestView } from '../../core/rule/request.ts'
import type { RouteChange } from '../changes.ts'
import type { Leaving, RouteEdit } from '../feed.ts'
import { look } from '../look.ts'
import type { Match } from '../match.ts'
import { emptyMemory, remember } from '../memory.ts'
import type { TableRoute } from '../route.ts'
import { type OwnIndex, reindex } from '../shelves.ts'
import type { Tables } from '../tables.ts'
import { routeReader } from './read-route.ts'
import { withoutLeaving } from './without-leaving.ts'

export type LiveTables = Tables & {
  apply(edits: readonly RouteEdit[], complete: boolean): void
  /** Each route loses those endpoints before it is found for the next time; its edit follows. */
  leave(leaving: readonly Leaving[]): void
}

export type LiveTablesOptions = {
  /** Called before each look: what has come is applied by it. */
  readonly catchUp: () => void
  readonly changed: (changes: readonly RouteChange[], nowMs: number) => void
}

/** The table of one worker, which is edited in place: the cost of an edit does not grow with the table. */
export function liveTables({ catchUp, changed }: LiveTablesOptions): LiveTables {
  const readRoute = routeReader()
  const routes = new Map<string, TableRoute>()
  const index: OwnIndex = new Map()
  const leaving = new Map<string, Leaving[1]>()
  let table = { complete: false }
  let memory = emptyMemory

  function change(changes: readonly RouteChange[], complete: boolean): void {
    const nowMs = performance.now()
    reindex(index, changes)
    memory = remember(memory, changes, nowMs)
    table = { complete }
    changed(changes, nowMs)
  }

  function replaced(key: string, after: TableRoute | undefined): RouteChange[] {
    const before = routes.get(key)
    if (after) routes.set(key, after)
    else routes.delete(key)
    return before || after ? [{ before, after }] : []
  }

  function found(entrypoint: string, request: RequestView): Match | undefined {
    const nowMs = memory.lost.size === 0 ? 0 : performance.now()
    if (nowMs >= memory.untilMs) memory = remember(memory, [], nowMs)
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
      if (!first || leaving.size === 0) return first
      const { route } = first
      const left = leaving.get(route.key)
      if (!left) return first
      leaving.delete(route.key)
      change(replaced(route.key, withoutLeaving(route, left)), table.complete)
      return found(entrypoint, request)
    },
    apply(edits, complete) {
      const changes = edits.flatMap(([key, fed]) => {
        leaving.delete(key)
        return replaced(key, fed && readRoute(fed))
      })
      change(changes, complete)
    },
    leave(list) {
      for (const [key, targets] of list) {
        leaving.set(key, [...(leaving.get(key) ?? []), ...targets])
      }
      // whoever remembers a route of it has to look again
      table = { ...table }
    },
  }
}
