import type { Problem } from '../core/problems.ts'
import type { Claim } from './claims.ts'
import { isFallback } from './fallbacks.ts'
import type { Own } from './own.ts'

/** Routes among `claims` that stand on none of the entrypoints that are open here. */
export function closedEntrypoints(claims: readonly Claim[], { listeners }: Own): Problem[] {
  if (listeners.length === 0) return []
  const open = new Set(listeners.map(({ entrypoint }) => entrypoint))
  const real = claims.filter((one) => !isFallback(one))
  const groups = Map.groupBy(real, ({ where, route }) => `${where} ${route.name} ${route.rule}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (!first || group.some(({ entrypoint }) => open.has(entrypoint))) return []
    const names = group.map(({ entrypoint }) => entrypoint).join(', ')
    return {
      severity: 'warning' as const,
      where: first.where,
      what: `entrypoint ${names} of route ${first.route.name} is not open here`,
      why: `open are ${[...open].join(', ')}`,
      remedy: `open it with --${names.split(',')[0] ?? names}, or name one of those`,
    }
  })
}
