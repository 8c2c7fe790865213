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
import { emptyTable, type MadeTable, type RouteTable, TableMaker } from './table.ts'

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

/**
 * The table in force, made of what is known, and what is remembered of those before it. Every look is at the newest
 * catalog, even if the change has not been announced yet: an endpoint that is known to be gone gets no request.
 */
export class MadeTables implements Tables {
  private readonly options: TablesOptions
  private readonly clock: () => number
  private readonly maker: TableMaker
  private seen: readonly unknown[] = []
  private made = emptyTable
  private remembered = emptyMemory
  private reported: readonly Problem[] | undefined

  constructor(options: TablesOptions) {
    const { clock = () => performance.now() } = options
    this.options = options
    this.clock = clock
    this.maker = new TableMaker(undefined, clock)
  }

  get table(): RouteTable {
    this.refresh()
    return this.made
  }

  get memory(): Memory {
    this.refresh()
    return this.remembered
  }

  /** What we are ourselves may have changed. */
  refresh(): void {
    const { catalog, vantage, own } = this.options
    const [now, from] = [catalog.current, vantage.current]
    const inputs = [now, from, own()]
    if (inputs.every((input, at) => input === this.seen[at])) return
    this.seen = inputs
    // what is not known says nothing about what was: the last table stays
    if (now && from) this.take(this.maker.make(now, from, own()))
  }

  /** Routes that lost their last endpoint lately, the oldest first, as of another clock that says `nowMs` now. */
  lostAt(nowMs: number): Lost[] {
    const { lost } = this.memory
    const shiftMs = nowMs - this.clock()
    return Array.from(lost.values(), (one) => ({ ...one, atMs: one.atMs + shiftMs }))
  }

  find(place: string, request: RequestView): Match | undefined {
    this.refresh()
    const nowMs = this.remembered.lost.size === 0 ? 0 : this.clock()
    if (nowMs >= this.remembered.untilMs) this.remembered = remember(this.remembered, [], nowMs)
    return look(this.made.index, this.remembered, place, request)
  }

  has(place: string): boolean {
    const { table, memory } = this
    return hasRoutes(table.index, place) || hasRoutes(memory.ghosts, place)
  }

  hostRank(place: string, host: string): number {
    const { table, memory } = this
    return Math.max(hostRank(table.index, place, host), hostRank(memory.ghosts, place, host))
  }

  /** Makes a new table whenever catalog or vantage change, until `signal` aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    const { catalog, vantage } = this.options
    for await (const _ of anyChange([catalog, vantage], signal)) this.refresh()
  }

  private take({ table, problems, changes, whereOf }: MadeTable): void {
    const { report, changed } = this.options
    const nowMs = this.clock()
    this.remembered = remember(this.remembered, changes, nowMs)
    this.made = table
    if (problems !== this.reported) report(problems)
    this.reported = problems
    changed(changes, nowMs, whereOf)
  }
}
