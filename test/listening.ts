import { once } from 'node:events'
import type { Server, Socket } from 'node:net'

/** Opens `server` on a free port of 127.0.0.1, or of `host`. */
export async function listeningOn(server: Server, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Closes `server`, and cuts what is connected to it. Resolves when all is closed. */
export async function closed(server: Server, sockets: Iterable<Socket> = []): Promise<void> {
  const end = once(server, 'close')
  server.close()
  for (const socket of sockets) socket.destroy()
  await end
}
