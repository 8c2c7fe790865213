import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** What is counted of requests. Labels come from the table, never from clients. */
export type Metrics = {
  /** One request has been answered. `status` 0: the client went away before. */
  answered(entrypoint: string, service: string, status: number, seconds: number): void
  retried(): void
  entered(entrypoint: string): Disposable
}

export function metricsIn(registry: Registry, held: () => number): Metrics {
  const registers = [registry]
  const requests = new Counter({
    name: 'portolan_http_requests_total',
    help: 'Requests by class of status; 499 for clients that went away',
    labelNames: ['entrypoint', 'service', 'code'],
    registers,
  })
  const seconds = new Histogram({
    name: 'portolan_http_request_seconds',
    help: 'Time from the head of a request to the end of its answer',
    labelNames: ['entrypoint', 'service'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60],
    registers,
  })
  const inFlight = new Gauge({
    name: 'portolan_http_in_flight',
    help: 'Requests that are being answered, tunnels included',
    labelNames: ['entrypoint'],
    registers,
  })
  const retries = new Counter({
    name: 'portolan_http_retries_total',
    help: 'Requests that were sent to an endpoint once more',
    registers,
  })
  const waiting = {
    name: 'portolan_http_held',
    help: 'Requests that wait for an endpoint to be ready',
    registers: [],
    collect(this: Gauge) {
      this.set(held())
    },
  }
  registry.registerMetric(new Gauge(waiting))

  return {
    answered(entrypoint, service, status, took) {
      const code = status === 0 ? '499' : `${Math.floor(status / 100)}xx`
      requests.inc({ entrypoint, service, code })
      seconds.observe({ entrypoint, service }, took)
    },
    retried: () => retries.inc(),
    entered(entrypoint) {
      inFlight.inc({ entrypoint })
      return { [Symbol.dispose]: () => inFlight.dec({ entrypoint }) }
    },
  }
}
