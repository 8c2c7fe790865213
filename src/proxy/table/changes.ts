import type { TableRoute } from './route.ts'

/** One key's route in two tables that follow each other; undefined in the one that has not got it. */
export type RouteChange = {
  readonly before: TableRoute | undefined
  readonly after: TableRoute | undefined
}
