import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

import { bucketsAt, bucketSeconds, codes, mirrorOutcomes, placeOf, secondsAt } from '../counters.ts'
import type { Crew } from './crew.ts'
import type { Numbers } from './numbers.ts'
import { sumsOf, type Total, totalOf } from './sums.ts'

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
  const total = totalOf(numbers)
  for (const metric of [requestsOf(numbers), secondsOf(numbers), runningOf(numbers, others)]) {
    registry.registerMetric(metric)
  }
  registry.registerMetric(mirroredOf(total))
  for (const metric of sumsOf(total, crew)) registry.registerMetric(metric)
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

function mirroredOf(total: Total) {
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
