import { compare } from '../../core/catalog.ts'
import type { TableRoute } from './route.ts'

/** Longer path, more conditions, older, name: for routes whose hosts are equally exact. Smaller goes first. */
export function byExactness(a: TableRoute, b: TableRoute): number {
  return (
    b.order.pathLength - a.order.pathLength ||
    b.order.conditions - a.order.conditions ||
    compare(a.order.createdAt, b.order.createdAt) ||
    compare(a.name, b.name) ||
    compare(a.key, b.key)
  )
}

/** By number, higher first; equal ones by exactness. */
export function byPriority(a: TableRoute, b: TableRoute): number {
  return (b.order.priority ?? 0) - (a.order.priority ?? 0) || byExactness(a, b)
}

/**
 * Whether the best route with a number goes before the best one without. A missing number counts as the rule's
 * length, as in Traefik; but a number that *is* the rule's length says no more than none, and exactness decides.
 */
export function outranks(
  numbered: { readonly route: TableRoute; readonly rank: number },
  plain: { readonly route: TableRoute; readonly rank: number },
): boolean {
  const { priority, ruleLength } = numbered.route.order
  const byNumber = priority === ruleLength ? 0 : (priority ?? 0) - plain.route.order.ruleLength
  if (byNumber !== 0) return byNumber > 0
  return (plain.rank - numbered.rank || byExactness(numbered.route, plain.route)) < 0
}
