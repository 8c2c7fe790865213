import type { RouteChange } from './changes.ts'
import type { TableRoute } from './route.ts'
import { type OwnIndex, reindex, reindexed, type RouteIndex } from './shelves.ts'

/** How long a route is remembered after its last endpoint. */
export const rememberMs = 60_000

/** A route that lost its last endpoint; `gone`: it is in the table no more. */
export type Lost = { readonly atMs: number; readonly route: TableRoute; readonly gone: boolean }

/**
 * Routes that lost their last endpoint lately, by key, the oldest first, and a way to find those that are in no table
 * any more.
 */
export type Memory = {
  readonly lost: ReadonlyMap<string, Lost>
  readonly ghosts: RouteIndex
  /** When the first of them is to be forgotten; Infinity for none. */
  readonly untilMs: number
}

/** One that is changed in place, by its only owner. */
export type OwnMemory = { lost: Map<string, Lost>; ghosts: OwnIndex; untilMs: number }

export const emptyMemory: Memory = { lost: new Map(), ghosts: new Map(), untilMs: Infinity }

/** What to remember after `changes` to the routes. Pure. */
export function remember(memory: Memory, changes: readonly RouteChange[], nowMs: number): Memory {
  const edits = editsOf(memory, changes, nowMs)
  if (edits.size === 0) return memory
  const lost = new Map(memory.lost)
  const ghosts = reindexed(memory.ghosts, edited(lost, edits))
  return { lost, ghosts, untilMs: untilOf(lost) }
}

/** The same in place: what that costs does not grow with what is remembered. */
export function rememberIn(
  memory: OwnMemory,
  changes: readonly RouteChange[],
  nowMs: number,
): void {
  const edits = editsOf(memory, changes, nowMs)
  if (edits.size === 0) return
  reindex(memory.ghosts, edited(memory.lost, edits))
  memory.untilMs = untilOf(memory.lost)
}

/** Takes over, before anything else, what somebody else remembered: `lost`, the oldest first. */
export function recallIn(memory: OwnMemory, lost: Iterable<Lost>): void {
  const edits = new Map(Array.from(lost, (one) => [one.route.key, one]))
  reindex(memory.ghosts, edited(memory.lost, edits))
  memory.untilMs = untilOf(memory.lost)
}

type Edits = ReadonlyMap<string, Lost | undefined>

function editsOf({ lost, untilMs }: Memory, changes: readonly RouteChange[], nowMs: number): Edits {
  const edits = new Map<string, Lost | undefined>()
  if (nowMs >= untilMs) {
    for (const [key, { atMs }] of lost) {
      if (nowMs - atMs < rememberMs) break
      edits.set(key, undefined)
    }
  }
  for (const { before, after } of changes) {
    const key = (after ?? before)?.key ?? ''
    const known = edits.has(key) ? edits.get(key) : lost.get(key)
    const next = lostNow(known, before, after, nowMs)
    if (next !== known) edits.set(key, next)
  }
  return edits
}

/** Changes `lost`, whose oldest stay first, and gives what that means for the index. */
function edited(lost: Map<string, Lost>, edits: Edits): RouteChange[] {
  return [...edits].map(([key, next]) => {
    const before = lost.get(key)
    if (next?.atMs !== before?.atMs) lost.delete(key)
    if (next) lost.set(key, next)
    return { before: ghostOf(before), after: ghostOf(next) }
  })
}

function untilOf(lost: ReadonlyMap<string, Lost>): number {
  const { value: oldest } = lost.values().next()
  return oldest ? oldest.atMs + rememberMs : Infinity
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
