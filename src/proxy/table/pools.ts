import type { Target } from './route.ts'

/** Endpoints of a route among which requests are spread together. Mirrors get copies only. */
export const pools = ['stable', 'canary', 'mirror'] as const
export type PoolName = (typeof pools)[number]

export function poolOf({ canary, mirror }: Pick<Target, 'canary' | 'mirror'>): PoolName {
  if (mirror !== null) return 'mirror'
  return canary === null ? 'stable' : 'canary'
}
