import { Counter, Gauge, type Registry } from 'prom-client'

import { tcpPlaceOf } from '../counters.ts'
import { outcomes } from '../tcp/counts.ts'
import type { Numbers } from './numbers.ts'
import { type Total, totalOf } from './sums.ts'

type Label = 'entrypoint' | 'service' | 'outcome'

/** Shows what all workers have counted of TCP; `names`: the entrypoints that may have such. */
export function tcpMetricsIn(
  registry: Registry,
  numbers: Numbers,
  names: ReadonlySet<string>,
): void {
  if (names.size === 0) return
  const total = totalOf(numbers)
  const places = [...numbers.entrypoints.entries()].filter(([, name]) => names.has(name))

  registry.registerMetric(connectionsOf(numbers, places, total))
  const open = new Gauge<Label>({
    name: 'portolan_tcp_in_flight',
    help: 'Connections to TCP entrypoints that are open',
    labelNames: ['entrypoint'],
    registers: [],
    collect() {
      for (const [at, entrypoint] of places) {
        this.set(
          { entrypoint },
          total((counters) => counters.open[at]),
        )
      }
    },
  })
  registry.registerMetric(open)
  const bytes = new Counter<'direction'>({
    name: 'portolan_tcp_bytes_total',
    help: 'Bytes from clients of TCP entrypoints (in), and to them (out)',
    labelNames: ['direction'],
    registers: [],
    collect() {
      this.reset()
      for (const [at, direction] of ['in', 'out'].entries()) {
        this.inc(
          { direction },
          total((counters) => counters.bytes[at]),
        )
      }
    },
  })
  registry.registerMetric(bytes)
}

function connectionsOf(
  { services }: Numbers,
  places: readonly (readonly [at: number, entrypoint: string])[],
  total: Total,
) {
  return new Counter<Label>({
    name: 'portolan_tcp_connections_total',
    help: 'Connections to TCP entrypoints that have ended, by outcome',
    labelNames: ['entrypoint', 'service', 'outcome'],
    registers: [],
    collect() {
      this.reset()
      for (const [service, slot] of services.named()) {
        for (const [at, entrypoint] of places) {
          for (const [n, outcome] of outcomes.entries()) {
            const place = tcpPlaceOf(at, slot) + n
            const count = total(({ connections }) => connections[place])
            if (count > 0) this.inc({ entrypoint, service, outcome }, count)
          }
        }
      }
    },
  })
}
