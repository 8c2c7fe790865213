import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

import {
  bucketsAt,
  bucketSeconds,
  codes,
  type Counters,
  mirrorOutcomes,
  placeOf,
  secondsAt,
} from '../counters.ts'
import type { Crew } from './crew.ts'
import type { Numbers } from './numbers.ts'

type Label = 'entrypoint' | 'service' | 'code' | 'le'

/**
 * Shows the numbers of all workers in `registry`. They are added up when somebody looks, and at no other time.
 * `others`: entrypoints that speak something else.
 */
export function metricsIn(
  registry: Registry,
  numbers: Numbers,
  crew: Pick<Crew, 'size' | 'crashes' | 'hangs'>,
  others: ReadonlySet<string> = new Set(),
): void {
  const { all } = numbers
  for (const metric of [requestsOf(numbers), secondsOf(numbers), runningOf(numbers, others)]) {
    registry.registerMetric(metric)
  }
  const total = (of: (counters: Counters) => number | undefined) =>
    all.reduce((sum, counters) => sum + (of(counters) ?? 0), 0)
  counter('portolan_http_retries_total', 'Requests that were sent to an endpoint once more', () =>
    total(({ retried }) => retried[0]),
  )
  counter(
    'portolan_worker_crashes_total',
    'Workers that ended and were replaced',
    () => crew.crashes,
  )
  counter(
    'portolan_worker_hangs_total',
    'Workers whose event loop did not move and that were replaced',
    () => crew.hangs,
  )
  registry.registerMetric(mirroredOf(total))
  counter(
    'portolan_access_log_dropped_total',
    'Lines of the access log that standard output did not take in time',
    () => total(({ unlogged }) => unlogged[0]),
  )
  gauge('portolan_http_held', 'Requests that wait for an endpoint to be ready', () =>
    total(({ held }) => held[0]),
  )
  gauge(
    'portolan_http_buffered_bytes',
    'Bytes that wait for clients and endpoints which do not keep up, and bodies that are kept',
    () => total(({ parked }) => parked[0]),
  )
  counter(
    'portolan_http_buffer_overflows_total',
    'Connections that were given up, and requests that were refused, because too many bytes waited',
    () => total(({ overfull }) => overfull[0]),
  )
  gauge('portolan_workers', 'Threads that serve requests', () => crew.size)

  function counter(name: string, help: string, value: () => number): void {
    const metric = new Counter({
      name,
      help,
      registers: [],
      collect() {
        this.reset()
        this.inc(value())
      },
    })
    registry.registerMetric(metric)
  }

  function gauge(name: string, help: string, value: () => number): void {
    const metric = new Gauge({
      name,
      help,
      registers: [],
      collect() {
        this.set(value())
      },
    })
    registry.registerMetric(metric)
  }
}

function requestsOf(numbers: Numbers) {
  const values = () =>
    [...series(numbers)].flatMap(({ labels, sums }) =>
      codes.flatMap((code, at) => {
        const value = sums[at] ?? 0
        return value > 0 ? [{ labels: { ...labels, code }, value }] : []
      }),
    )
  class Requests extends Counter<Label> {
    override async get() {
      return { ...(await super.get()), values: values() }
    }
  }
  return new Requests({
    name: 'portolan_http_requests_total',
    help: 'Requests by class of status; 499 for clients that went away',
    labelNames: ['entrypoint', 'service', 'code'],
    registers: [],
  })
}

function secondsOf(numbers: Numbers) {
  const name = 'portolan_http_request_seconds'
  const help = 'Time from the head of a request to the end of its answer'
  const values = () =>
    [...series(numbers)].flatMap(({ labels, sums }) => {
      let count = 0
      const buckets = [...bucketSeconds, '+Inf'].map((le, at) => {
        count += sums[bucketsAt + at] ?? 0
        return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count }
      })
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: sums[secondsAt] ?? 0 },
        { metricName: `${name}_count`, labels, value: count },
      ]
    })
  class Seconds extends Histogram<Label> {
    // what both a registry and `get` read
    async getForPromString() {
      return { name, help, type: 'histogram', aggregator: 'sum', values: values() }
    }
  }
  return new Seconds({
    name,
    help,
    labelNames: ['entrypoint', 'service'],
    buckets: [...bucketSeconds],
    registers: [],
  })
}

function mirroredOf(total: (of: (counters: Counters) => number | undefined) => number) {
  return new Counter<'outcome'>({
    name: 'portolan_http_mirrored_total',
    help: 'Copies of requests for mirrors, by what became of them',
    labelNames: ['outcome'],
    registers: [],
    collect() {
      this.reset()
      for (const [at, outcome] of mirrorOutcomes.entries()) {
        this.inc(
          { outcome },
          total(({ mirrored }) => mirrored[at]),
        )
      }
    },
  })
}

function runningOf({ all, entrypoints }: Numbers, others: ReadonlySet<string>) {
  return new Gauge<Label>({
    name: 'portolan_http_in_flight',
    help: 'Requests that are being answered, tunnels included',
    labelNames: ['entrypoint'],
    registers: [],
    collect() {
      for (const [at, entrypoint] of entrypoints.entries()) {
        if (others.has(entrypoint)) continue
        this.set(
          { entrypoint },
          all.reduce((sum, { running }) => sum + (running[at] ?? 0), 0),
        )
      }
    },
  })
}

/** All that was counted of each service at each entrypoint, over all workers; nothing of those without requests. */
function* series({ all, entrypoints, services }: Numbers) {
  for (const [service, slot] of services.named()) {
    for (const [at, entrypoint] of entrypoints.entries()) {
      const place = placeOf(at, slot)
      const sums = new Float64Array(secondsAt + 1)
      for (const { requests } of all) {
        for (let n = 0; n < sums.length; n++) sums[n] = (sums[n] ?? 0) + (requests[place + n] ?? 0)
      }
      const asked = sums.subarray(0, bucketsAt).some((count) => count > 0)
      if (asked) yield { labels: { entrypoint, service }, sums }
    }
  }
}
