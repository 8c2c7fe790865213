import { PortolanError } from '../../core/errors.ts'
import { sleep } from '../../core/retry.ts'
import type { Endpoint } from './endpoint.ts'
import { verdictOf } from './errors.ts'
import { txn } from './methods.ts'
import type { Reader } from './reads.ts'
import { readOf } from './requests.ts'
import type { WatchStream } from './stream.ts'
import { unary } from './unary.ts'

const everyMs = 1500
const timeoutMs = 1500
const silentMs = 5000

/**
 * Reads `key` through `endpoint`, linearizably: a member that is cut off from its leader can't answer that. Gives
 * the store's revision; throws `store-down` when the store was replaced, gRPC's error when there is no answer.
 */
export async function probe(
  { cluster, continuity, epoch }: Reader,
  endpoint: Endpoint,
  key: string,
  signal: AbortSignal,
): Promise<number> {
  const metadata = await cluster.metadata(endpoint)
  const check = continuity.expect()
  const request = readOf({ key: key || '\0' }, ...epoch.ranges())
  const { header, responses } = await unary(txn, request, { endpoint, metadata, timeoutMs, signal })
  check({ header, epoch: epoch.of(responses[1]?.responseRange) })
  return header.revision
}

/** Settles when `signal` aborts; throws as `probe` after two failures, or when `stream` has fallen silent. */
export async function keepProbing(
  reader: Reader,
  endpoint: Endpoint,
  key: string,
  stream: WatchStream,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; ;) {
    await sleep(failures === 0 ? everyMs : 100, signal)
    if (signal.aborted) return
    stream.ping()
    try {
      await probe(reader, endpoint, key, signal)
      failures = 0
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof PortolanError || ++failures === 2) throw error
      if (verdictOf(error) === 'token') reader.cluster.forgetToken()
    }
    const silent = performance.now() - stream.heardAt()
    if (silent > silentMs) throw new Error(`nothing came for ${Math.round(silent)} ms`)
  }
}
