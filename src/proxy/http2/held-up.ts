import type { Http2Stream } from 'node:http2'

import type { Parked } from '../exchange/parked.ts'

/** What the other side of a stream may send ahead. */
export const streamWindow = 256 * 1024
/** What may stand in Node's two streams before the window is left to close. */
const inside = 2 * 64 * 1024

/**
 * Counts a stream, while nobody reads from it, as all that may come before its sender is held up: what is there of it
 * stands in the insides of Node and nghttp2. `giveUp` ends what the stream is part of.
 */
export function countHeldUp(stream: Http2Stream, parked: Parked, giveUp: () => void): void {
  const parker = { giveUp }
  const gone = () => parked.gone(parker)
  stream.on('pause', () => {
    // whose end is on its way is paused, too
    if (!stream.closed) parked.wait(parker, streamWindow + inside)
  })
  stream.on('resume', gone)
  stream.on('close', gone)
}
