import { Counter, Gauge, type Registry } from 'prom-client'

import type { Outcome } from './pass.ts'

/** Counts renders in `registry`, if there is one. */
export function renderMetrics(registry: Registry | undefined) {
  if (!registry) return () => {}
  const renders = new Counter({
    name: 'portolan_confd_renders_total',
    help: 'Renders of config files by resource and result.',
    labelNames: ['resource', 'result'],
    registers: [registry],
  })
  const failing = new Gauge({
    name: 'portolan_confd_failing',
    help: 'Whether the last render of the resource failed.',
    labelNames: ['resource'],
    registers: [registry],
  })
  return (resource: string, { state }: Outcome) => {
    renders.inc({ resource, result: state })
    failing.set({ resource }, state === 'failed' ? 1 : 0)
  }
}
