import type { RequestView } from '../../core/rule/request.ts'
import type { Upstream } from '../worker/upstream.ts'

/** One endpoint's place among those of a pool. */
export type Member = {
  readonly upstream: Upstream
  /** Above 0. Smaller while it starts slowly. */
  weight: number
  /** Its account in smooth weighted round robin. Outlives rotations, so that no change of others moves turns. */
  credit: number
}

/** Those that may get a request now. Made once per change, not per request. */
export type Rotation = {
  readonly members: readonly Member[]
  /** All weights are equal. */
  readonly even: boolean
}

/** What a policy may want to know of a request; asked only by those that need it. */
export type Asking = Pick<RequestView, 'ip' | 'headers'>

/** Chooses one member; undefined only if there is none. It may remember its turns. Allocates nothing. */
export type Balance = (rotation: Rotation, asking: Asking, nowMs: number) => Member | undefined

export function rotationOf(members: readonly Member[]): Rotation {
  const [first] = members
  return { members, even: members.every(({ weight }) => weight === first?.weight) }
}

/** Requests in flight for each unit of weight. */
export function loadOf({ upstream, weight }: Member): number {
  return upstream.inFlight / weight
}
