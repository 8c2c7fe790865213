/**
 * Rows of shared counters, for those who follow each other in one seat. Whoever comes gets one in which nobody may
 * still be counting; only if there is none, because even those hang that took the place of others, the emptiest.
 */
export class Rows {
  private readonly rows: readonly number[]
  /** How many count in each of them. */
  private readonly counting: number[]

  constructor(rows: readonly [number, ...number[]]) {
    this.rows = rows
    this.counting = rows.map(() => 0)
  }

  take(): number {
    const { counting, rows } = this
    const at = counting.indexOf(Math.min(...counting))
    counting[at] = (counting[at] ?? 0) + 1
    return rows[at] ?? 0
  }

  /** Somebody who counted in `row` is no more. Returns whether nobody else does. */
  leave(row: number): boolean {
    const { counting, rows } = this
    const at = rows.indexOf(row)
    const left = (counting[at] ?? 1) - 1
    counting[at] = left
    return left === 0
  }
}
