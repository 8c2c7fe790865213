import type { RouteChange } from './changes.ts'
import type { TableRoute } from './route.ts'
import { reindexed, type RouteIndex } from './shelves.ts'

/** How long a route is remembered after its last endpoint. */
export const rememberMs = 60_000

/** A route that lost its last endpoint; `gone`: it is in the table no more. */
type Lost = { readonly atMs: number; readonly route: TableRoute; readonly gone: boolean }

/** Routes that lost their last endpoint lately, by key, and a way to find those that are in no table any more. */
export type Memory = {
  readonly lost: ReadonlyMap<string, Lost>
  readonly ghosts: RouteIndex
  /** When the first of them is to be forgotten; Infinity for none. */
  readonly untilMs: number
}

export const emptyMemory: Memory = { lost: new Map(), ghosts: new Map(), untilMs: Infinity }

/** What to remember after `changes` to the routes. Pure. */
export function remember(memory: Memory, changes: readonly RouteChange[], nowMs: number): Memory {
  const next = new Map<string, Lost | undefined>()
  if (nowMs >= memory.untilMs) {
    for (const [key, { atMs }] of memory.lost) {
      if (nowMs - atMs >= rememberMs) next.set(key, undefined)
    }
  }
  for (const { before, after } of changes) {
    const key = (after ?? before)?.key ?? ''
    const known = next.has(key) ? next.get(key) : memory.lost.get(key)
    const now = lostNow(known, before, after, nowMs)
    if (now !== known) next.set(key, now)
  }
  return next.size === 0 ? memory : edited(memory, next)
}

function edited(memory: Memory, edits: ReadonlyMap<string, Lost | undefined>): Memory {
  const lost = new Map(memory.lost)
  const ghosts = [...edits].map(([key, next]) => {
    const before = lost.get(key)
    if (next) lost.set(key, next)
    else lost.delete(key)
    return { before: ghostOf(before), after: ghostOf(next) }
  })
  let untilMs = Infinity
  for (const { atMs } of lost.values()) untilMs = Math.min(untilMs, atMs + rememberMs)
  return { lost, ghosts: reindexed(memory.ghosts, ghosts), untilMs }
}

function ghostOf(lost: Lost | undefined): TableRoute | undefined {
  return lost?.gone ? lost.route : undefined
}

/** Whether the route has lost its last endpoint within the time that is remembered. */
export function lostLately({ lost }: Memory, key: string, nowMs: number): boolean {
  const found = lost.get(key)
  return found !== undefined && nowMs - found.atMs < rememberMs
}

function lostNow(
  known: Lost | undefined,
  before: TableRoute | undefined,
  after: TableRoute | undefined,
  atMs: number,
): Lost | undefined {
  if (after && count(after, 'ready') > 0) return undefined
  const gone = after === undefined
  if (before && (gone || hasLost(before, after))) {
    return { atMs, gone, route: { ...before, targets: [] } }
  }
  return known && known.gone !== gone ? { ...known, gone } : known
}

/** The last ready one went, or the last draining one after it. */
function hasLost(before: TableRoute, after: TableRoute): boolean {
  if (count(before, 'ready') > 0) return true
  return count(before, 'draining') > 0 && count(after, 'draining') === 0
}

function count({ targets }: TableRoute, state: string): number {
  return targets.filter((target) => target.state === state).length
}
