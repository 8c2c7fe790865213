import type { Server, Socket } from 'node:net'

/** Opens `server` on a free port of 127.0.0.1, or of `host`. */
export async function listeningOn(server: Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

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
