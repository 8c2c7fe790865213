import type { Vantage } from '../core/address.ts'
import type { Catalog } from '../core/catalog.ts'
import { anyChange, type Live } from '../core/live.ts'
import type { Problem } from '../core/problems.ts'
import { type Match, match } from './match.ts'
import { emptyMemory, type Memory, remember } from './memory.ts'
import type { Own } from './own.ts'
import { ruleReader } from './rules.ts'
import { emptyTable, type RouteTable, routeTable } from './table.ts'

export type TablesOptions = {
  readonly catalog: Live<Catalog | undefined>
  readonly vantage: Live<Vantage | undefined>
  /** Another object when it is another. */
  readonly own: () => Own
  readonly report: (problems: readonly Problem[]) => void
  /** A new table is in force. */
  readonly changed: (table: RouteTable, nowMs: number) => void
}

/** The table in force, and what is remembered of those before it. */
export type Tables = {
  readonly table: RouteTable
  readonly memory: Memory
  find(entrypoint: string, host: string, path: string): Match | undefined
  /** Makes a new table whenever catalog or vantage change, until `signal` aborts. */
  follow(signal: AbortSignal): Promise<void>
}

/**
 * Every look is at the newest catalog, even if the change has not been announced yet: an endpoint that is known to be
 * gone gets no request.
 */
export function tables({ catalog, vantage, own, report, changed }: TablesOptions): Tables {
  const readRule = ruleReader()
  let seen: readonly unknown[] = []
  let table = emptyTable
  let memory = emptyMemory

  function refresh(): void {
    const [now, from] = [catalog.current, vantage.current]
    const inputs = [now, from, own()]
    if (inputs.every((input, at) => input === seen[at])) return
    seen = inputs
    // what is not known says nothing about what was: the last table stays
    if (!now || !from) return
    const made = routeTable(now, from, own(), readRule)
    const nowMs = performance.now()
    memory = remember(memory, table.routes, made.table.routes, nowMs)
    table = made.table
    report(made.problems)
    changed(table, nowMs)
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
    find(entrypoint, host, path) {
      refresh()
      const live = match(table.index, entrypoint, host, path)
      if (memory.lost.size === 0) return live
      const ghost = match(memory.ghosts, entrypoint, host, path)
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
