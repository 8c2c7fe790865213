import type { ServerResponse } from 'node:http'

import type { Live } from '../core/live.ts'
import { sleep } from '../core/retry.ts'

export type Feed = {
  /** Sends events to `response` until its reader goes. False when there are too many readers already. */
  join(response: ServerResponse): boolean
  /** Tells all readers of each change until `signal` aborts, then ends their streams. */
  run(signal: AbortSignal): Promise<void>
}

export type FeedOptions = {
  readonly events: Live<unknown>
  /** Headers of each stream, besides its own. */
  readonly headers: Readonly<Record<string, string>>
  readonly maxReaders?: number
}

/** Changes within this time are one event: readers ask for everything again each time. */
const pauseMs = 250
const heartbeatMs = 15_000
/** A reader that doesn't read is cut: it comes back by itself, and then sees the newest. */
const maxUnreadBytes = 65_536

/**
 * Server-sent events (WHATWG HTML, 9.2) that say only "something changed"; the first comes at once. A comment each
 * 15 s shows when a reader is gone.
 */
export function eventFeed({ events, headers, maxReaders = 100 }: FeedOptions): Feed {
  const readers = new Set<ServerResponse>()
  const send = (text: string) => {
    for (const reader of readers) {
      if (reader.writableLength > maxUnreadBytes) reader.destroy()
      else reader.write(text)
    }
  }

  return {
    join(response) {
      if (readers.size >= maxReaders) return false
      readers.add(response)
      response.on('close', () => readers.delete(response)).on('error', () => {})
      response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' })
      response.write('retry: 2000\n\nevent: change\ndata: {}\n\n')
      return true
    },
    async run(signal) {
      const heartbeat = setInterval(() => send(':\n\n'), heartbeatMs)
      try {
        for await (const _ of events.changes(signal)) {
          send('event: change\ndata: {}\n\n')
          await sleep(pauseMs, signal)
        }
      } finally {
        clearInterval(heartbeat)
        for (const reader of readers) reader.end()
      }
    },
  }
}
