import type { Measures } from './expression.ts'

/** What happened in one second. */
type Bucket = {
  second: number
  total: number
  failed: number
  /** By status, 0 to 599. */
  readonly statuses: Uint32Array
  /** By duration, in steps of a tenth of an octave. */
  readonly durations: Uint32Array
}

const seconds = 10
const steps = 256
const stepsPerOctave = 10
/** Durations of less are all the same. */
const leastMs = 0.1

/** The requests of the last ten seconds. */
export function rollingWindow(nowMs: () => number) {
  let buckets: Bucket[] = []

  function recentBuckets(): Bucket[] {
    const oldest = Math.floor(nowMs() / 1000) - seconds
    buckets = buckets.filter(({ second }) => second > oldest)
    return buckets
  }

  function current(): Bucket {
    const second = Math.floor(nowMs() / 1000)
    const last = buckets.at(-1)
    if (last?.second === second) return last
    recentBuckets()
    const [statuses, durations] = [new Uint32Array(600), new Uint32Array(steps)]
    const fresh = { second, total: 0, failed: 0, statuses, durations }
    buckets.push(fresh)
    return fresh
  }

  const sum = (of: (bucket: Bucket) => number) =>
    recentBuckets().reduce((total, bucket) => total + of(bucket), 0)

  const measures: Measures = {
    networkErrorRatio: () =>
      ratio(
        sum(({ failed }) => failed),
        sum(({ total }) => total),
      ),
    responseCodeRatio: (from, to, of, all) =>
      ratio(
        sum(({ statuses }) => count(statuses, from, to)),
        sum(({ statuses }) => count(statuses, of, all)),
      ),
    latencyAtQuantileMs(quantile) {
      const wanted = (Math.min(100, quantile) / 100) * sum(({ total }) => total)
      let seen = 0
      for (let step = 0; step < steps; step++) {
        seen += sum(({ durations }) => durations[step] ?? 0)
        if (seen > 0 && seen >= wanted) return msOf(step)
      }
      return 0
    },
  }

  return {
    measures,
    add(status: number, failed: boolean, tookMs: number): void {
      const bucket = current()
      bucket.total++
      if (failed) bucket.failed++
      raise(bucket.statuses, Math.min(599, status))
      raise(bucket.durations, stepOf(tookMs))
    },
    clear(): void {
      buckets = []
    },
  }
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

function raise(counts: Uint32Array, at: number): void {
  counts[at] = (counts[at] ?? 0) + 1
}

function count(counts: Uint32Array, from: number, to: number): number {
  return counts.subarray(from, Math.max(from, to)).reduce((total, one) => total + one, 0)
}

function stepOf(ms: number): number {
  const step = Math.ceil(Math.log2(Math.max(ms, leastMs) / leastMs) * stepsPerOctave)
  return Math.min(steps - 1, step)
}

/** The upper edge of a step: at most 7 % above what was measured. */
function msOf(step: number): number {
  return leastMs * 2 ** (step / stepsPerOctave)
}
