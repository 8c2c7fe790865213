/** How many requests may be tried again: a share of all, and some for each second, so that no storm feeds itself. */
export type RetryBudget = {
  /** One more request has come. */
  earn(): void
  /** Whether there may be one more retry now; if so it is spent. */
  spend(nowMs: number): boolean
}

const share = 0.2
const perSecond = 10
/** What quiet time and requests earn together at most: those in flight at a crash are to be tried again, all at once. */
const most = 10 * perSecond + 1000

export function retryBudget(startMs: number): RetryBudget {
  let tokens = 10 * perSecond
  let last = startMs
  return {
    earn() {
      tokens = Math.min(most, tokens + share)
    },
    spend(nowMs) {
      tokens = Math.min(most, tokens + ((nowMs - last) / 1000) * perSecond)
      last = nowMs
      if (tokens < 1) return false
      tokens--
      return true
    },
  }
}
