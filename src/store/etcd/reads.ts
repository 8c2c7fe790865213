import type { Entry, Snapshot } from '../store.ts'
import { call } from './call.ts'
import type { Cluster } from './cluster.ts'
import type { Continuity } from './continuity.ts'
import type { Epoch } from './epoch.ts'
import { type KeyValue, range, txn } from './methods.ts'
import { rangeOf, readOf } from './requests.ts'
import { unary } from './unary.ts'

export type Reader = {
  readonly cluster: Cluster
  readonly continuity: Continuity
  readonly epoch: Epoch
}

const pageSize = 5000

/** As `Store.list`: linearizable, in pages that are all of one revision. */
export async function list(reader: Reader, prefix: string, signal: AbortSignal): Promise<Snapshot> {
  const { generation } = reader.continuity
  try {
    return await listOnce(reader, prefix, signal)
  } catch (error) {
    if (reader.continuity.generation === generation) throw error
    // it is another store than before: what that one has counts from now on
    return await listOnce(reader, prefix, signal)
  }
}

async function listOnce(reader: Reader, prefix: string, signal: AbortSignal): Promise<Snapshot> {
  const { cluster, continuity, epoch } = reader
  await epoch.ensure(signal)
  const wanted = rangeOf(prefix, pageSize)
  const check = continuity.expect()
  const request = readOf(wanted, ...epoch.ranges())
  const { header, responses } = await call(
    cluster,
    (where) => unary(txn, request, where),
    {},
    signal,
  )
  check({ header, epoch: epoch.of(responses[1]?.responseRange) })

  const entries = new Map<string, Entry>()
  const { revision } = header
  let page = responses[0]?.responseRange
  for (;;) {
    for (const one of page?.kvs ?? []) entries.set(one.key, entryOf(one))
    const last = page?.kvs.at(-1)
    if (!page?.more || !last) return { revision, entries }
    const next = { ...wanted, key: `${last.key}\0`, revision }
    page = await call(cluster, (where) => unary(range, next, where), {}, signal)
  }
}

/** etcd says lease 0 for none. */
export function entryOf({ value, lease }: KeyValue): Entry {
  return { value, lease: lease === '0' ? '' : lease }
}
