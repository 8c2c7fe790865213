import { constants, type Http2Stream, type ServerHttp2Stream } from 'node:http2'

import type { Parked } from '../exchange/parked.ts'

/** What the other side of a stream may send ahead. */
export const streamWindow = 256 * 1024
const { NGHTTP2_ENHANCE_YOUR_CALM } = constants
/** A head with fewer characters does not count. */
const smallHead = 8 * 1024
/** As it came, as text, and on its way to the endpoint. */
const copiesOfHead = 3
/** What may stand in Node's two streams before the window is left to close. */
const inside = 2 * 64 * 1024

/** Counts a large head for as long as its request runs: a client may have said it in a few bytes (RFC 7541, 2.3.2). */
export function countHead(stream: ServerHttp2Stream, raw: readonly string[], parked: Parked): void {
  let size = 0
  for (const text of raw) size += text.length
  if (size > smallHead) countUntilClosed(stream, copiesOfHead * size, parked)
}

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

/** All of an answer is in `stream`: what its client has not taken of it within `ms` is let go, and counts until then. */
export function leaveToTake(stream: ServerHttp2Stream, parked: Parked, ms: number): void {
  const bytes = stream.writableLength
  if (bytes === 0 || stream.closed) return
  const timer = setTimeout(() => stream.close(NGHTTP2_ENHANCE_YOUR_CALM), ms)
  stream.once('close', () => clearTimeout(timer))
  countUntilClosed(stream, bytes, parked)
}

function countUntilClosed(stream: ServerHttp2Stream, bytes: number, parked: Parked): void {
  const parker = { giveUp: () => stream.close(NGHTTP2_ENHANCE_YOUR_CALM) }
  stream.once('close', () => parked.gone(parker))
  parked.wait(parker, bytes)
}
