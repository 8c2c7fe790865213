import type { Catalog } from '../../core/catalog.ts'
import { anyChange, type Live } from '../../core/live.ts'
import type { Problem } from '../../core/problems.ts'
import type { RequestView } from '../../core/rule/request.ts'
import type { Vantage } from '../../core/vantage.ts'
import type { RouteChange } from './changes.ts'
import { look } from './look.ts'
import { hasRoutes, hostRank, type Match } from './match.ts'
import { emptyMemory, type Lost, type Memory, remember } from './memory.ts'
import type { Own } from './own.ts'
import { emptyTable, type MadeTable, type RouteTable, tableMaker } from './table.ts'

export type TablesOptions = {
  readonly catalog: Live<Catalog | undefined>
  readonly vantage: Live<Vantage | undefined>
  /** Another object when it is another. */
  readonly own: () => Own
  readonly report: (problems: readonly Problem[]) => void
  /** A new table is in force, which differs by `changes` from the one before. */
  readonly changed: (
    changes: readonly RouteChange[],
    nowMs: number,
    whereOf: MadeTable['whereOf'],
  ) => void
  /** The monotonic clock, in milliseconds; performance.now unless given. */
  readonly clock?: () => number
}

/** All that requests need to know of the world. */
export type Tables = {
  /** Another object whenever anything of it is another. `complete` false: what is not here may exist. */
  readonly table: { readonly complete: boolean }
  readonly memory: Memory
  /** At a `placeOf`; for requests that is the entrypoint's name. */
  find(place: string, request: RequestView): Match | undefined
  /** Whether any route stands there, or stood there a moment ago. */
  has(place: string): boolean
  /** How exactly one of them names `host`, as in `Match`. */
  hostRank(place: string, host: string): number
}

/** The table in force, made of what is known, and what is remembered of those before it. */
export type MadeTables = Tables & {
  readonly table: RouteTable
  /** What we are ourselves may have changed. */
  refresh(): void
  /** Routes that lost their last endpoint lately, the oldest first, as of another clock that says `nowMs` now. */
  lostAt(nowMs: number): Lost[]
  /** Makes a new table whenever catalog or vantage change, until `signal` aborts. */
  follow(signal: AbortSignal): Promise<void>
}

/**
 * Every look is at the newest catalog, even if the change has not been announced yet: an endpoint that is known to be
 * gone gets no request.
 */
export function tables(options: TablesOptions): MadeTables {
  const { catalog, vantage, own, report, changed, clock = () => performance.now() } = options
  const makeTable = tableMaker(undefined, clock)
  let seen: readonly unknown[] = []
  let table = emptyTable
  let memory = emptyMemory
  let reported: readonly Problem[] | undefined

  function refresh(): void {
    const [now, from] = [catalog.current, vantage.current]
    const inputs = [now, from, own()]
    if (inputs.every((input, at) => input === seen[at])) return
    seen = inputs
    // what is not known says nothing about what was: the last table stays
    if (!now || !from) return
    const made = makeTable(now, from, own())
    const nowMs = clock()
    memory = remember(memory, made.changes, nowMs)
    table = made.table
    if (made.problems !== reported) report(made.problems)
    reported = made.problems
    changed(made.changes, nowMs, made.whereOf)
  }

  return {
    get table() {
      refresh()
      return table
    },
    get memory() {
      refresh()
      return memory
    },
    refresh,
    lostAt(nowMs) {
      refresh()
      const shiftMs = nowMs - clock()
      return Array.from(memory.lost.values(), (one) => ({ ...one, atMs: one.atMs + shiftMs }))
    },
    find(entrypoint, request) {
      refresh()
      const nowMs = memory.lost.size === 0 ? 0 : clock()
      if (nowMs >= memory.untilMs) memory = remember(memory, [], nowMs)
      return look(table.index, memory, entrypoint, request)
    },
    has(place) {
      refresh()
      return hasRoutes(table.index, place) || hasRoutes(memory.ghosts, place)
    },
    hostRank(place, host) {
      refresh()
      return Math.max(hostRank(table.index, place, host), hostRank(memory.ghosts, place, host))
    },
    async follow(signal) {
      for await (const _ of anyChange([catalog, vantage], signal)) refresh()
    },
  }
}
