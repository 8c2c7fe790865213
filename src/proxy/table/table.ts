import type { Catalog } from '../../core/catalog.ts'
import type { Problem } from '../../core/problems.ts'
import { parseRule } from '../../core/rule/parse.ts'
import { restFor } from '../../core/rule/rest.ts'
import type { Vantage } from '../../core/vantage.ts'
import { problemList } from '../problem-list.ts'
import type { RouteChange } from './changes.ts'
import { type Claim, claimKeyOf } from './claims.ts'
import { settled } from './contest.ts'
import { closedEntrypoints } from './entrypoints.ts'
import { type Made, routeOf } from './made.ts'
import { hostsTouched, overlaps } from './overlaps.ts'
import { nobody, type Own } from './own.ts'
import { Roll } from './roll.ts'
import type { TableRoute } from './route.ts'
import { type ReadRule, ruleOf, type RuleReader, ruleReader } from './rules.ts'
import { reindexed, type RouteIndex } from './shelves.ts'
import type { Standpoint } from './targets.ts'

/** All routes of one catalog, and the way to find them. Immutable; a request keeps the one it began with. */
export type RouteTable = {
  /** False: what is not here may exist. */
  readonly complete: boolean
  /** In no particular order. */
  readonly routes: readonly TableRoute[]
  readonly index: RouteIndex
}

/** Those that are in force stand in their routes. */
const keptRules = 1000

export const emptyTable: RouteTable = { complete: false, routes: [], index: new Map() }

/** A table, what is wrong with it, and how its routes differ from those of the table before. */
export type MadeTable = {
  readonly table: RouteTable
  /** Sorted; the same list as before when nothing of it changed. */
  readonly problems: readonly Problem[]
  readonly changes: readonly RouteChange[]
  /** Where a route of it was declared, for people. */
  readonly whereOf: (route: TableRoute) => string
}

/** The routes of `catalog` as seen from `vantage`. `own` is what must never become a target. */
export function routeTable(catalog: Catalog, vantage: Vantage, own: Own = nobody): MadeTable {
  return new TableMaker().make(catalog, vantage, own)
}

/**
 * Makes tables one after the other. Equal input gives equal tables, whatever came before; but only services whose lists
 * are other ones than the last time are looked at, so that a change costs no more among many than among few. A route
 * in labels reaches only the instances that declare it. With a `clock` (milliseconds), fallbacks of services that went
 * stay for a while.
 */
export class TableMaker {
  private readonly readRule: RuleReader
  private readonly roll: Roll
  private readonly problems = problemList()
  private readonly routes = new Map<string, TableRoute>()
  private table = emptyTable
  private from: Standpoint | undefined

  constructor(readRule: RuleReader = ruleReader(keptRules), clock?: () => number) {
    this.readRule = readRule
    this.roll = new Roll(clock)
  }

  make(catalog: Catalog, vantage: Vantage, own: Own = nobody): MadeTable {
    const { roll, problems, routes, whereOf } = this
    const standpoint: Standpoint = { vantage, own, nodes: catalog.nodes }
    const { keys, askers } = roll.update(catalog)
    const moved = !this.from || !isSame(this.from, standpoint)
    this.from = standpoint
    for (const asker of moved ? roll.askers() : askers) this.hear(asker, own)
    // a key that nobody asks for any more is not in the roll
    const touched = moved ? new Set([...roll.keys(), ...keys]) : keys
    const changes = [...touched].flatMap((key) => this.remade(key, standpoint))
    const { complete } = catalog
    const table =
      changes.length > 0
        ? { complete, routes: [...routes.values()], index: reindexed(this.table.index, changes) }
        : { ...this.table, complete }
    this.table = table
    this.sayOverlaps(changes)
    return { table, problems: problems.list(), changes, whereOf }
  }

  private readonly whereOf = (route: TableRoute): string =>
    settled(this.roll.claimsFor(claimKeyOf(route)))?.claim.where ?? ''

  private hear(asker: string, own: Own): void {
    const wishes = this.roll.wishesOf(asker)
    const closed = closedEntrypoints(wishes?.claims ?? [], own, this.readRule)
    this.problems.set(`asker ${asker}`, [...(wishes?.problems ?? []), ...closed])
  }

  private remade(key: string, standpoint: Standpoint): RouteChange[] {
    const { routes } = this
    const before = routes.get(key)
    const won = settled(this.roll.claimsFor(key))
    const made: Made = won
      ? routeOf(won.claim, this.ruleAt(won.claim, before), standpoint)
      : { route: undefined, problems: [] }
    this.problems.set(`rule ${key}`, [...(won?.problems ?? []), ...made.problems])
    if (made.route) routes.set(key, made.route)
    else routes.delete(key)
    return changesOf(before, made.route)
  }

  /** A key says the rule, so that a route that was there has it still. */
  private ruleAt({ route }: Claim, before: TableRoute | undefined): ReadRule {
    return (before && ruleOf(before)) ?? this.readRule(route.rule.trim())
  }

  private sayOverlaps(changes: readonly RouteChange[]): void {
    const { problems, table, whereOf } = this
    for (const [entrypoint, hosts] of hostsTouched(changes)) {
      for (const host of hosts) {
        const found = overlaps(table.index, entrypoint, host, restOf, whereOf)
        problems.set(`host ${entrypoint} ${host}`, found)
      }
    }
  }
}

function restOf({ rule }: TableRoute, host: string) {
  return restFor(parseRule(rule), host)
}

/** A route of another service is another route, though it has the same rule. */
function changesOf(before: TableRoute | undefined, after: TableRoute | undefined): RouteChange[] {
  if (!before && !after) return []
  if (!before || !after || before.key === after.key) return [{ before, after }]
  return [
    { before, after: undefined },
    { before: undefined, after },
  ]
}

function isSame(a: Standpoint, b: Standpoint): boolean {
  if (a.vantage !== b.vantage || a.own !== b.own || a.nodes.size !== b.nodes.size) return false
  if (a.nodes === b.nodes) return true
  return [...a.nodes].every(([name, { address }]) => b.nodes.get(name)?.address === address)
}
