import { indexOf, type RouteIndex } from './match.ts'
import type { TableRoute } from './route.ts'

/** How long a route is remembered after its last endpoint. */
export const rememberMs = 60_000

/** Routes that lost their last endpoint lately, by key, and a way to find those that are in no table any more. */
export type Memory = {
  readonly lost: ReadonlyMap<string, { readonly atMs: number; readonly route: TableRoute }>
  readonly ghosts: RouteIndex
}

export const emptyMemory: Memory = { lost: new Map(), ghosts: new Map() }

/** What to remember after the routes went from `before` to `after`. Pure. */
export function remember(
  memory: Memory,
  before: readonly TableRoute[],
  after: readonly TableRoute[],
  nowMs: number,
): Memory {
  const now = new Map(after.map((route) => [route.key, route]))
  const lost = new Map(
    [...memory.lost].filter(
      ([key, { atMs }]) => nowMs - atMs < rememberMs && count(now.get(key), ['ready']) === 0,
    ),
  )
  for (const route of before) {
    const next = now.get(route.key)
    if (next === undefined || hasLost(route, next)) {
      lost.set(route.key, { atMs: nowMs, route: { ...route, targets: [] } })
    }
  }
  const gone = [...lost.values()].flatMap(({ route }) => (now.has(route.key) ? [] : [route]))
  return { lost, ghosts: indexOf(gone) }
}

/** Whether the route has lost its last endpoint within the time that is remembered. */
export function lostLately({ lost }: Memory, key: string, nowMs: number): boolean {
  const found = lost.get(key)
  return found !== undefined && nowMs - found.atMs < rememberMs
}

/** The last ready one went, or the last draining one after it. */
function hasLost(before: TableRoute, after: TableRoute): boolean {
  if (count(after, ['ready']) > 0) return false
  if (count(before, ['ready']) > 0) return true
  return count(before, ['draining']) > 0 && count(after, ['draining']) === 0
}

function count(route: TableRoute | undefined, states: readonly string[]): number {
  return route?.targets.filter(({ state }) => states.includes(state)).length ?? 0
}
