import type { RequestView } from '../../core/rule/request.ts'
import { type Match, match } from './match.ts'
import type { Memory } from './memory.ts'
import type { RouteIndex } from './shelves.ts'

/** The route of a request: one of the index, or one that is no more but remembered. */
export function look(
  index: RouteIndex,
  { lost, ghosts }: Memory,
  entrypoint: string,
  request: RequestView,
): Match | undefined {
  const live = match(index, entrypoint, request)
  if (lost.size === 0) return live
  const ghost = match(ghosts, entrypoint, request)
  return ghost && (!live || hides(ghost, live)) ? ghost : live
}

/** A wildcard of others does not get the requests of a service that is away for a moment. */
function hides(ghost: Match, live: Match): boolean {
  return ghost.rank > live.rank && ghost.route.service !== live.route.service
}
