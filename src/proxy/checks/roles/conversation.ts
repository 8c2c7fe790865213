import type { Socket } from 'node:net'
import { addAbortSignal } from 'node:stream'

import { dial } from '../dial.ts'
import type { Place } from '../found.ts'

/** More than any answer that a probe needs. */
const mostBytes = 256 * 1024

/** A value and how many bytes it took; undefined: there are not enough yet. */
export type Parsed<T> = { readonly value: T; readonly length: number } | undefined

/** One connection on which we say something and read what comes back. */
export type Conversation = {
  write(bytes: Buffer | string): void
  /** What `parse` makes of the next bytes. Rejects when the connection ends before that, or too much comes. */
  take<T>(parse: (bytes: Buffer) => Parsed<T>): Promise<T>
}

/** Opens a connection for as long as `talk` takes. Rejects when it is refused, and when `signal` aborts. */
export async function converse<T>(
  place: Place,
  signal: AbortSignal,
  talk: (conversation: Conversation) => Promise<T>,
): Promise<T> {
  const socket = addAbortSignal(signal, dial(place)).setNoDelay()
  // whoever reads is told of it as well
  socket.on('error', () => {})
  try {
    return await talk(conversationOn(socket))
  } finally {
    socket.destroy()
  }
}

function conversationOn(socket: Socket): Conversation {
  const pieces: AsyncIterator<Buffer> = socket.iterator({ destroyOnReturn: false })
  let read = Buffer.alloc(0)
  let total = 0
  return {
    write: (bytes) => void socket.write(bytes),
    async take(parse) {
      for (;;) {
        const parsed = parse(read)
        if (parsed) {
          read = read.subarray(parsed.length)
          return parsed.value
        }
        const next = await pieces.next()
        if (next.done === true) throw new Error('it closes the connection without an answer')
        total += next.value.length
        if (total > mostBytes) throw new Error(`it answers with more than ${mostBytes} bytes`)
        read = Buffer.concat([read, next.value])
      }
    },
  }
}
