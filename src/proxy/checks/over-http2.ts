import { type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2'

import { limits } from '../http1/limits.ts'
import { dial } from './dial.ts'
import type { Place } from './found.ts'

/**
 * One request by HTTP/2 without TLS, known before (RFC 9113, 3.3), on a connection of its own, for as long as `take`
 * has not `done` with it. Rejects when it ends before that.
 */
export async function overHttp2<T>(
  place: Place,
  headers: OutgoingHttpHeaders,
  signal: AbortSignal,
  take: (stream: ClientHttp2Stream, done: (value: T) => void) => void,
): Promise<T> {
  const at = place.ip.includes(':') ? `[${place.ip}]` : place.ip
  const session = connect(`http://${at}:${place.port}`, {
    createConnection: () => dial(place),
    settings: { enablePush: false, maxHeaderListSize: limits.head },
  })
  try {
    return await new Promise<T>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      session.on('error', reject)
      const stream = session.request(headers)
      stream.on('error', reject)
      stream.on('close', () => reject(new Error('it closes the connection without an answer')))
      take(stream, resolve)
    })
  } finally {
    session.destroy()
  }
}
