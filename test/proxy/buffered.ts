import type { bed } from './bed.ts'

type Bed = Pick<Awaited<ReturnType<typeof bed>>, 'registry'>

async function valueOf({ registry }: Bed, name: string): Promise<number> {
  const metric = await registry.getSingleMetric(name)?.get()
  return metric?.values[0]?.value ?? -1
}

/** What waits in all workers. */
export const buffered = (at: Bed) => valueOf(at, 'portolan_http_buffered_bytes')
/** How many were given up, or refused. */
export const overflows = (at: Bed) => valueOf(at, 'portolan_http_buffer_overflows_total')
