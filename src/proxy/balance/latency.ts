import { pairs } from './p2c.ts'
import type { Balance, Member } from './rotation.ts'

/** Stands for the latency of an endpoint that has work but has never answered. */
const unknownMs = 1000

/**
 * Power of two choices on the time to the first byte (a moving average that fades while nothing is measured, so that a
 * slow endpoint is tried again) times what is in flight.
 */
export function p2cLatency(random: () => number): Balance {
  const draw = pairs(random)
  return (rotation, _asking, nowMs) => {
    const first = draw.first(rotation)
    const { second } = draw
    return first && second && cost(second, nowMs) < cost(first, nowMs) ? second : first
  }
}

function cost({ upstream, weight }: Member, nowMs: number): number {
  const { inFlight } = upstream
  const known = upstream.latencyAt(nowMs)
  if (known === 0 && inFlight > 0) return ((inFlight + 1) * unknownMs) / weight
  return ((inFlight + 1) * known) / weight
}
