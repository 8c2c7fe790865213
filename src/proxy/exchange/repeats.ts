import type { Upstream } from '../worker/upstream.ts'

/** Runs of endpoints that may have it and lose it: one that makes them fall is not to bring down all there are. */
const mostLosers = 3
/** One run may lose it more than once while it ends, on connections that its kernel still has. */
const most = 2 * mostLosers

/** How often a request that an endpoint may have seen was sent once more. */
export class Repeats {
  private count = 0
  private losers = 0
  private last: Upstream | undefined

  constructor() {
    this.last = undefined
  }

  /** Whether it may be sent once more after `upstream` has lost it. */
  mayFollow(upstream: Upstream): boolean {
    return this.count < most && (upstream === this.last || this.losers < mostLosers)
  }

  follow(upstream: Upstream): void {
    this.count++
    if (upstream !== this.last) this.losers++
    this.last = upstream
  }
}
