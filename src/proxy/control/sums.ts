import { Counter, Gauge } from 'prom-client'

import type { Counters } from '../counters.ts'
import type { Crew } from './crew.ts'
import type { Numbers } from './numbers.ts'

/** Adds up over all workers. */
export type Total = (of: (counters: Counters) => number | undefined) => number

export function totalOf({ all }: Pick<Numbers, 'all'>): Total {
  return (of) => all.reduce((sum, counters) => sum + (of(counters) ?? 0), 0)
}

type Sum = { readonly name: string; readonly help: string; readonly value: () => number }

/** The metrics without labels. */
export function sumsOf(
  total: Total,
  crew: Pick<Crew, 'size' | 'crashes' | 'hangs'>,
): readonly (Counter | Gauge)[] {
  return [...countersOf(total, crew).map(counter), ...gaugesOf(total, crew).map(gauge)]
}

function countersOf(total: Total, crew: Pick<Crew, 'crashes' | 'hangs'>): readonly Sum[] {
  return [
    {
      name: 'portolan_http_retries_total',
      help: 'Requests that were sent to an endpoint once more',
      value: () => total(({ retried }) => retried[0]),
    },
    {
      name: 'portolan_worker_crashes_total',
      help: 'Workers that ended and were replaced',
      value: () => crew.crashes,
    },
    {
      name: 'portolan_worker_hangs_total',
      help: 'Workers whose event loop did not move and that were replaced',
      value: () => crew.hangs,
    },
    {
      name: 'portolan_access_log_dropped_total',
      help: 'Lines of the access log that standard output did not take in time',
      value: () => total(({ unlogged }) => unlogged[0]),
    },
    {
      name: 'portolan_http_buffer_overflows_total',
      help: 'Connections that were given up, and requests that were refused, because too many bytes waited',
      value: () => total(({ overfull }) => overfull[0]),
    },
  ]
}

function gaugesOf(total: Total, crew: Pick<Crew, 'size'>): readonly Sum[] {
  return [
    {
      name: 'portolan_http_held',
      help: 'Requests that wait for an endpoint to be ready',
      value: () => total(({ held }) => held[0]),
    },
    {
      name: 'portolan_http_buffered_bytes',
      help: 'Bytes that wait for clients and endpoints which do not keep up, and bodies that are kept',
      value: () => total(({ parked }) => parked[0]),
    },
    {
      name: 'portolan_workers',
      help: 'Threads that serve requests',
      value: () => crew.size,
    },
  ]
}

function counter({ name, help, value }: Sum) {
  return new Counter({
    name,
    help,
    registers: [],
    collect() {
      this.reset()
      this.inc(value())
    },
  })
}

function gauge({ name, help, value }: Sum) {
  return new Gauge({
    name,
    help,
    registers: [],
    collect() {
      this.set(value())
    },
  })
}
