import { Counter, Gauge, type Registry } from 'prom-client'

import type { TableRoute } from './route.ts'

/** Counts requests; entrypoints and services are named by their slots. Makes nothing that has to be collected. */
export type Counting = {
  /** Of the route's service. */
  slotOf(route: TableRoute): number
  entrypointSlot(name: string): number
  began(entrypoint: number): void
  /** One that began is over. `status` 0: the client went away before an answer. */
  answered(entrypoint: number, service: number, status: number, seconds: number): void
  retried(): void
}

const bounds = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60]
const codes = ['1xx', '2xx', '3xx', '4xx', '5xx', '499']

type Counted = { codes: number[]; buckets: number[]; seconds: number; count: number }

/** What is counted of requests, in `registry`. Labels come from the table, never from clients. */
export function metricsIn(registry: Registry, held: () => number): Counting {
  const registers = [registry]
  const entrypoints: string[] = []
  const services = ['-']
  const slots = new Map([['-', 0]])
  const running: number[] = []
  const counted: Counted[][] = []
  const retries = new Counter({
    name: 'portolan_http_retries_total',
    help: 'Requests that were sent to an endpoint once more',
    registers,
  })
  const gauge = (name: string, help: string, labelNames: string[], collect: (it: Gauge) => void) =>
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames,
        registers: [],
        collect() {
          collect(this)
        },
      }),
    )
  gauge(
    'portolan_http_in_flight',
    'Requests that are being answered, tunnels included',
    ['entrypoint'],
    (it) => entrypoints.forEach((entrypoint, at) => it.set({ entrypoint }, running[at] ?? 0)),
  )
  gauge('portolan_http_held', 'Requests that wait for an endpoint to be ready', [], (it) =>
    it.set(held()),
  )
  gauge(
    'portolan_http_requests_total',
    'Requests by class of status; 499 for clients that went away',
    ['entrypoint', 'service', 'code'],
    (it) =>
      each((entrypoint, service, one) =>
        one.codes.forEach(
          (count, at) => count > 0 && it.set({ entrypoint, service, code: codes[at] ?? '' }, count),
        ),
      ),
  )
  gauge('portolan_http_request_seconds_count', 'Requests', ['entrypoint', 'service'], (it) =>
    each((entrypoint, service, one) => it.set({ entrypoint, service }, one.count)),
  )

  function each(visit: (entrypoint: string, service: string, one: Counted) => void): void {
    counted.forEach((row, at) =>
      row.forEach((one, slot) => visit(entrypoints[at] ?? '', services[slot] ?? '', one)),
    )
  }

  return {
    entrypointSlot(name) {
      running.push(0)
      counted.push([])
      return entrypoints.push(name) - 1
    },
    slotOf: ({ service }) => slots.getOrInsertComputed(service, () => services.push(service) - 1),
    began(entrypoint) {
      running[entrypoint] = (running[entrypoint] ?? 0) + 1
    },
    answered(entrypoint, service, status, seconds) {
      running[entrypoint] = (running[entrypoint] ?? 0) - 1
      const row = counted[entrypoint] ?? []
      const one = (row[service] ??= {
        codes: codes.map(() => 0),
        buckets: bounds.map(() => 0),
        seconds: 0,
        count: 0,
      })
      const code = status === 0 ? 5 : Math.floor(status / 100) - 1
      one.codes[code] = (one.codes[code] ?? 0) + 1
      one.count++
      one.seconds += seconds
    },
    retried: () => retries.inc(),
  }
}
