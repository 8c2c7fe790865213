import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'

/** All that comes until the other side ends its half, ours staying as it is; rejects if it resets. */
export async function received(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = []
  socket.on('data', (part: Buffer) => parts.push(part))
  await new Promise<void>((resolve, reject) => {
    socket.once('end', resolve)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed before its end')))
    socket.resume()
  })
  return Buffer.concat(parts)
}

/** Resolves when `count` has begun to grow, and stands still: what the kernels on the way take, and no more. */
export async function standsStill(count: () => number): Promise<void> {
  for (let before = -1; count() !== before || before === 0;) {
    before = count()
    await new Promise((resolve) => {
      setTimeout(resolve, 200)
    })
  }
}

/** Writes without end, as fast as it is taken; tells how much that is by now. */
export function flooded(stream: Writable): () => number {
  const piece = Buffer.alloc(256 * 1024)
  let said = 0
  const more = () => {
    while (!stream.destroyed) {
      said += piece.length
      if (!stream.write(piece)) return
    }
  }
  stream.on('drain', more)
  more()
  return () => said
}
