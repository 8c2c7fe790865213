import type { Leaving } from '../feed.ts'
import type { TableRoute, Target } from '../route.ts'

/** `route` when `leaving` are less than they were. */
export function withoutLeaving(route: TableRoute, leaving: Leaving[1]): TableRoute {
  const states = new Map(leaving)
  const targets = route.targets.flatMap((target): Target[] => {
    const now = states.get(target.identity)
    if (now === undefined) return [target]
    return now === 'gone' ? [] : [{ ...target, state: now }]
  })
  return { ...route, targets }
}
