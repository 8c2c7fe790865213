import type { OnReadOpts, Socket } from 'node:net'

import type { ReadBuffers } from './buffers.ts'
import { mostAsText, whenFlushed } from './flushed.ts'

/** The way from an endpoint to a client. */
export type Downstream = {
  /** For the endpoint's socket, which has to be made with it. */
  readonly onread: OnReadOpts
  /** The endpoint's socket, before anything can have come from it. */
  from(server: Socket): void
  /** What the endpoint says next, all that is read at once, goes to `to` instead. */
  divert(to: (text: string) => void): void
  /** The endpoint's socket is closed. */
  release(): void
}

/** Reads that would have fitted into the small buffer, one after the other, before the large one is given back. */
const mostLittles = 16

/**
 * Reads into one buffer over and over, and writes at once what was read. What the client's kernel doesn't take waits in
 * that buffer, and nothing more is read before it has gone: so no tunnel holds more than one buffer. `passed` is told
 * how many bytes came.
 */
export function downstream(
  client: Socket,
  { small, large }: ReadBuffers,
  passed: (bytes: number) => void,
): Downstream {
  let buffer = small.take()
  let server: Socket | undefined
  let littles = 0
  let diverted: ((text: string) => void) | undefined
  const resume = () => void server?.resume()

  function swap(from: ReadBuffers['small'], to: ReadBuffers['small']): void {
    from.give(buffer)
    buffer = to.take()
    littles = 0
  }

  function onBytes(count: number): boolean {
    if (diverted) {
      diverted(buffer.toString('latin1', 0, count))
      diverted = undefined
      return true
    }
    passed(count)
    if (count <= mostAsText) client.write(buffer.toString('latin1', 0, count), 'latin1')
    else client.write(count === buffer.length ? buffer : buffer.subarray(0, count))
    if (client.writableLength > 0) {
      whenFlushed(client, resume)
      return false
    }
    if (buffer.length === small.size) {
      if (count === small.size) swap(small, large)
    } else if (count > small.size) {
      littles = 0
    } else if (++littles > mostLittles) {
      swap(large, small)
    }
    return true
  }

  return {
    onread: { buffer: () => buffer, callback: onBytes },
    from(socket) {
      server = socket
    },
    divert(to) {
      diverted = to
    },
    release() {
      if (buffer.length === small.size) small.give(buffer)
      else large.give(buffer)
    },
  }
}
