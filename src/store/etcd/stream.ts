import type { Metadata } from '@grpc/grpc-js'

import type { Endpoint } from './endpoint.ts'
import type { Inbox } from './inbox.ts'
import { type WatchAnswer, watch } from './methods.ts'
import { rangeEnd } from './requests.ts'

/** A running watch of one prefix, on a stream of its own. */
export type WatchStream = {
  /** Asks for a sign of life. An etcd that is catching up gives none, but sends events then. */
  ping(): void
  /** When something came last, on performance.now()'s clock. */
  heardAt(): number
  readonly cancel: () => void
}

export type StreamOptions = {
  readonly endpoint: Endpoint
  readonly metadata: Metadata
  readonly prefix: string
  readonly after: number
}

/** Opens the watch; `inbox` gets its answers but for signs of life, and its failure. */
export function openStream(
  { endpoint, metadata, prefix, after }: StreamOptions,
  inbox: Inbox<WatchAnswer>,
): WatchStream {
  let heardAt = performance.now()
  const { path, serialize, deserialize } = watch
  const stream = endpoint.client().makeBidiStreamRequest(path, serialize, deserialize, metadata)
  stream.on('data', (answer: WatchAnswer) => {
    heardAt = performance.now()
    if (answer.events.length > 0 || answer.canceled) inbox.push(answer)
  })
  stream.on('error', inbox.fail)
  stream.on('end', () => inbox.fail(new Error('the stream ended')))
  const startRevision = String(after + 1)
  stream.write({
    createRequest: { key: prefix || '\0', rangeEnd: rangeEnd(prefix), startRevision },
  })
  return {
    ping() {
      if (stream.writable) stream.write({ progressRequest: {} })
    },
    heardAt: () => heardAt,
    cancel: () => stream.cancel(),
  }
}
