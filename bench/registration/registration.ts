import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { table } from '../statistics.ts'
import { measureReaders } from './readers.ts'
import { measureWriter } from './writer.ts'

export type RegistrationOptions = { readonly containers: number; readonly instances: number }

/** What registering costs who writes it, and what a change costs who reads it. No engine, no etcd. */
export async function measureRegistration({
  containers,
  instances,
}: RegistrationOptions): Promise<void> {
  setFlagsFromString('--expose-gc')
  globalThis.gc = runInNewContext('gc')
  const writer = await measureWriter(containers, 300, 5000)
  const readers = await measureReaders(instances, 300)
  const micros = (value: number) => `${value.toFixed(0)} µs`
  console.log(
    table([
      [`${containers} containers of one node`, ''],
      ['inspect answers to instances, all', `${writer.readMs.toFixed(0)} ms`],
      ['heap that they take', `${writer.heapMiB.toFixed(1)} MiB`],
      ['instances to the store, all', `${writer.registerMs.toFixed(0)} ms`],
      ['CPU of one change, from inspect to the store', micros(writer.changeMicros)],
      ['revisions for one change', String(writer.revisionsPerChange)],
      ['revisions in 5 s without a change', String(writer.idleRevisions)],
    ]),
  )
  console.log(
    `\n${table([
      [`one change among ${instances} instances`, 'CPU'],
      ['mirror', micros(readers.mirror)],
      ['catalog', micros(readers.catalog)],
      ['route table', micros(readers.table)],
    ])}`,
  )
}
