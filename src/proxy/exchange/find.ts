import { noService } from '../counters.ts'
import type { TableRoute } from '../table/route.ts'
import type { Tables } from '../table/tables.ts'
import { type Asked, looked } from './asked.ts'

/**
 * Finds the routes of one connection's requests. The last one is remembered with what the search has looked at: while
 * that is the same, so is the route.
 */
export class RouteFinder {
  /** Where requests of the route found last are counted. */
  slot = noService
  private readonly tables: Tables
  private readonly entrypoint: string
  private table: Tables['table'] | undefined
  private host = ''
  /** Undefined: the path does not matter. */
  private path: string | undefined
  private route: TableRoute | undefined

  constructor(tables: Tables, entrypoint: string) {
    this.tables = tables
    this.entrypoint = entrypoint
    this.table = undefined
    this.path = undefined
    this.route = undefined
  }

  find(asked: Asked): TableRoute | undefined {
    const { tables, route } = this
    const { table } = tables
    const isSame =
      route !== undefined &&
      table === this.table &&
      asked.host === this.host &&
      (this.path === undefined || this.path === asked.path)
    return isSame ? route : this.search(asked, table)
  }

  /** What is remembered is part of a head that is not to be kept. */
  forget(): void {
    this.route = undefined
    this.host = ''
    this.path = undefined
  }

  private search(asked: Asked, table: Tables['table']): TableRoute | undefined {
    asked.looks = 0
    const found = this.tables.find(this.entrypoint, asked)?.route
    const isLasting = (asked.looks & looked.deeper) === 0 && this.tables.memory.lost.size === 0
    this.route = isLasting ? found : undefined
    this.table = table
    this.host = asked.host
    this.path = (asked.looks & looked.path) === 0 ? undefined : asked.path
    this.slot = found?.slot ?? noService
    return found
  }
}
