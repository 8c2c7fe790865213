import type { InstanceState } from '../../core/instance.ts'
import type { TableRoute, Target } from '../table/route.ts'

/** An endpoint, and what it is now; `gone` from this route, or `moved` to another address with all of them. */
export type Leaving = readonly [identity: string, now: InstanceState | 'gone' | 'moved']

/** The endpoints of `before` that should get less, or nothing, from now on. */
export function leavingOf(
  before: TableRoute | undefined,
  after: TableRoute | undefined,
): readonly Leaving[] {
  if (!before) return []
  const stay = new Map(after?.targets.map((target) => [target.identity, target]))
  return before.targets.flatMap((target): readonly Leaving[] => {
    const now = stay.get(target.identity)
    if (!now) return [[target.identity, 'gone']]
    if (!samePlace(now, target)) return [[target.identity, 'moved']]
    return target.state === 'ready' && now.state !== 'ready' ? [[target.identity, now.state]] : []
  })
}

function samePlace(a: Target, b: Target): boolean {
  return a.ip === b.ip && a.port === b.port && a.protocol === b.protocol
}
