import { PortolanError } from '../../core/errors.ts'
import type { Batch } from '../store.ts'
import { batchesOf, doubtful } from './batches.ts'
import { replacedMeanwhile } from './continuity.ts'
import type { Endpoint } from './endpoint.ts'
import { isHang, storeError, verdictOf, wordsOf } from './errors.ts'
import { createInbox } from './inbox.ts'
import { keepProbing, probe } from './liveness.ts'
import type { WatchAnswer } from './methods.ts'
import type { Reader } from './reads.ts'
import { openStream } from './stream.ts'

export type WatchOptions = {
  readonly prefix: string
  readonly after: number
  /** The continuity's generation when `after` was read. */
  readonly generation: number
}

/** As `Store.watch`. Leaves the endpoint when it is to blame, so that the list that follows asks another one. */
export async function* watch(
  reader: Reader,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncIterable<Batch> {
  if (signal.aborted) return
  const endpoint = reader.cluster.current()
  const stop = new AbortController()
  const until = AbortSignal.any([signal, stop.signal])
  try {
    yield* follow(reader, endpoint, options, until)
  } catch (error) {
    if (!signal.aborted) throw blamed(reader, endpoint, error)
  } finally {
    stop.abort()
  }
}

async function* follow(
  reader: Reader,
  endpoint: Endpoint,
  { prefix, after, generation }: WatchOptions,
  signal: AbortSignal,
): AsyncIterable<Batch> {
  const { cluster, continuity } = reader
  const inbox = createInbox<WatchAnswer>()
  const metadata = await cluster.metadata(endpoint)
  signal.throwIfAborted()
  const stream = openStream({ endpoint, metadata, prefix, after }, inbox)
  signal.addEventListener('abort', stream.cancel)

  // before anything is believed: a store that was replaced may have overtaken `after` already
  const revision = await probe(reader, endpoint, prefix, signal)
  if (revision < after) throw doubtful(endpoint.name, `revision ${revision} after ${after}`)
  keepProbing(reader, endpoint, prefix, stream, signal).catch(inbox.fail)

  let seen = after
  for await (const answer of inbox.read(signal)) {
    if (continuity.generation !== generation) throw replacedMeanwhile(endpoint.name)
    for (const batch of batchesOf(answer, seen, endpoint.name)) {
      seen = batch.revision
      continuity.saw(seen)
      yield batch
    }
  }
}

function blamed({ cluster }: Reader, endpoint: Endpoint, error: unknown): PortolanError {
  if (error instanceof PortolanError) return error
  const verdict = verdictOf(error)
  if (verdict === 'refused' || verdict === 'compacted') return storeError(error, endpoint.name)
  if (verdict === 'token') cluster.forgetToken()
  else cluster.leave(endpoint, isHang(error))
  return doubtful(endpoint.name, wordsOf(error), error)
}
