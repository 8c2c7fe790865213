import type { Duplex } from 'node:stream'

/** Bytes up to which a string is written faster than a buffer. */
export const mostAsText = 2048

const nothing = Buffer.alloc(0)

/**
 * Calls `then` when the kernel has taken all that was written to `socket`, some of which is still waiting. Cheaper than
 * to be told after each write, nearly all of which are taken at once.
 */
export function whenFlushed(socket: Duplex, then: () => void): void {
  if (socket.writableNeedDrain) socket.once('drain', then)
  else socket.write(nothing, then)
}
