import type { Vantage } from '../core/address.ts'
import type { Catalog } from '../core/catalog.ts'
import { anyChange, type Live } from '../core/live.ts'
import type { Problem } from '../core/problems.ts'
import type { RequestView } from '../core/rule/request.ts'
import type { RouteChange } from './changes.ts'
import { type Match, match } from './match.ts'
import { emptyMemory, lostLately, type Memory, remember } from './memory.ts'
import type { Own } from './own.ts'
import { emptyTable, type RouteTable, tableMaker } from './table.ts'

export type TablesOptions = {
  readonly catalog: Live<Catalog | undefined>
  readonly vantage: Live<Vantage | undefined>
  /** Another object when it is another. */
  readonly own: () => Own
  readonly report: (problems: readonly Problem[]) => void
  /** A new table is in force, which differs by `changes` from the one before. */
  readonly changed: (changes: readonly RouteChange[], nowMs: number) => void
  /** The monotonic clock, in milliseconds; performance.now unless given. */
  readonly clock?: () => number
}

/** The table in force, and what is remembered of those before it. */
export type Tables = {
  readonly table: RouteTable
  readonly memory: Memory
  find(entrypoint: string, request: RequestView): Match | undefined
  /** Makes a new table whenever catalog or vantage change, until `signal` aborts. */
  follow(signal: AbortSignal): Promise<void>
}

/**
 * Every look is at the newest catalog, even if the change has not been announced yet: an endpoint that is known to be
 * gone gets no request.
 */
export function tables(options: TablesOptions): Tables {
  const { catalog, vantage, own, report, changed, clock = () => performance.now() } = options
  const makeTable = tableMaker()
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
    changed(made.changes, nowMs)
  }

  /** A route that is no more; one whose time is over is forgotten, with all like it, when it is met. */
  function ghostAt(entrypoint: string, request: RequestView): Match | undefined {
    const found = match(memory.ghosts, entrypoint, request)
    const nowMs = clock()
    if (!found || lostLately(memory, found.route.key, nowMs)) return found
    memory = remember(memory, [], nowMs)
    return match(memory.ghosts, entrypoint, request)
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
    find(entrypoint, request) {
      refresh()
      const live = match(table.index, entrypoint, request)
      if (memory.lost.size === 0) return live
      const ghost = ghostAt(entrypoint, request)
      return ghost && (!live || hides(ghost, live)) ? ghost : live
    },
    async follow(signal) {
      for await (const _ of anyChange([catalog, vantage], signal)) refresh()
    },
  }
}

/** A wildcard of others does not get the requests of a service that is away for a moment. */
function hides(ghost: Match, live: Match): boolean {
  return ghost.rank > live.rank && ghost.route.service !== live.route.service
}
