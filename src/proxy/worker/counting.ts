import {
  bucketsAt,
  bucketSeconds,
  codes,
  type Counters,
  type MirrorOutcome,
  mirrorOutcomes,
  placeOf,
  secondsAt,
} from '../counters.ts'

/** Counts requests; entrypoints and services are named by their places. Makes nothing that has to be collected. */
export type Counting = {
  began(entrypoint: number): void
  /** One that began is over. `status` 0: the client went away before an answer. */
  answered(entrypoint: number, service: number, status: number, seconds: number): void
  retried(): void
  mirrored(outcome: MirrorOutcome): void
  held(size: number): void
  /** `bytes` wait now; `lost` were given up or refused so far for want of room. */
  parked(bytes: number, lost: number): void
}

export function countingIn(counters: Counters): Counting {
  const { requests, running, retried, held, mirrored, parked, overfull } = counters
  let before = 0
  return {
    began: (entrypoint) => add(running, entrypoint, 1),
    answered(entrypoint, service, status, seconds) {
      const at = placeOf(entrypoint, service)
      add(running, entrypoint, -1)
      add(requests, at + codeOf(status), 1)
      add(requests, at + bucketsAt + bucketOf(seconds), 1)
      add(requests, at + secondsAt, seconds)
    },
    retried: () => add(retried, 0, 1),
    mirrored: (outcome) => add(mirrored, mirrorOutcomes.indexOf(outcome), 1),
    held(size) {
      held[0] = size
    },
    parked(bytes, lost) {
      parked[0] = bytes
      add(overfull, 0, lost - before)
      before = lost
    },
  }
}

function add(numbers: Float64Array | Int32Array, at: number, by: number): void {
  numbers[at] = (numbers[at] ?? 0) + by
}

/** The place of a status among `codes`. */
function codeOf(status: number): number {
  if (status === 0) return codes.length - 1
  return Math.max(0, Math.min(4, Math.floor(status / 100) - 1))
}

function bucketOf(seconds: number): number {
  let at = 0
  for (; at < bucketSeconds.length; at++) if (seconds <= (bucketSeconds[at] ?? 0)) break
  return at
}
