/** Failures in a row after which an endpoint is let be. */
const most = 5
const baseMs = 10_000
const longestMs = 300_000

/** What has to be remembered to eject one endpoint. */
export type Ejection = {
  /** Failures since the last success. */
  streak: number
  /** Ejections without a long peace in between. */
  times: number
  /** 0: never ejected. */
  untilMs: number
}

export function neverEjected(): Ejection {
  return { streak: 0, times: 0, untilMs: 0 }
}

/**
 * One more failure. True: it is ejected from now on, for 10 s times the number of its ejections, at most 300 s; whoever
 * was back for as long as that begins anew. Failures of one that is ejected don't count: what failed began before, or
 * goes there because all others are as bad.
 */
export function noteFailure(ejection: Ejection, nowMs: number): boolean {
  if (nowMs < ejection.untilMs || ++ejection.streak < most) return false
  ejection.streak = 0
  const peaceMs = ejection.untilMs === 0 ? Infinity : nowMs - ejection.untilMs
  ejection.times = peaceMs > longestMs ? 1 : ejection.times + 1
  ejection.untilMs = nowMs + Math.min(longestMs, baseMs * ejection.times)
  return true
}
