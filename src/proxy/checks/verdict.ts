import type { HealthCheck } from '../../core/policy.ts'
import type { CheckState } from './states.ts'

/** What the checks of one endpoint have shown so far. */
export type Verdict = {
  readonly state: CheckState
  /** Results in a row that speak against `state`. */
  readonly against: number
}

export const noVerdict: Verdict = { state: 'unknown', against: 0 }

/** After one more check: `rise` that pass in a row make it passing, `fall` that fail make it failing. Pure. */
export function judged(
  { state, against }: Verdict,
  passed: boolean,
  { rise, fall }: Pick<HealthCheck, 'rise' | 'fall'>,
): Verdict {
  if (passed === (state === 'passing')) return { state, against: 0 }
  const count = against + 1
  if (passed) return count >= rise ? { state: 'passing', against: 0 } : { state, against: count }
  return count >= fall ? { state: 'failing', against: 0 } : { state, against: count }
}
