import type { Policy } from '../../core/policy.ts'
import { cookieOf } from '../balance/cookies.ts'
import type { Asking } from '../balance/rotation.ts'

/** Says yes to a share (0 to 1) of its calls, evenly: with 0.05 to each twentieth. */
export type Sharing = (share: number) => boolean

export function sharing(): Sharing {
  let owed = 0
  return (share) => {
    owed += share
    // a tenth ten times is a little less than one
    if (owed < 1 - 1e-9) return false
    owed -= 1
    return true
  }
}

const refusals = new Set(['', '0', 'false', 'never'])

/** Whether a request is for the canary pool. */
export function isForCanary(canary: Policy['canary'], asking: Asking, sharingOut: Sharing) {
  if (canary === null) return false
  if ('share' in canary) return sharingOut(canary.share)
  const value = cookieOf(asking, canary.cookie)
  return value !== undefined && !refusals.has(value)
}
