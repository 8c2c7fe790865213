import { createServer, type Socket } from 'node:net'

import { type EntrypointServer, type Listener, listening } from '../listener.ts'
import { serveConnection, type TcpShared } from './connection.ts'
import type { TcpCounts } from './counts.ts'
import { tunnelOptions } from './dial.ts'

/** A TCP entrypoint. */
export function tcpServer(
  listener: Listener,
  shared: TcpShared,
  counts: TcpCounts,
): EntrypointServer {
  const clients = new Set<Socket>()
  const server = createServer(tunnelOptions, (client) => {
    clients.add(client)
    serveConnection(client, listener.entrypoint, shared, counts, () => clients.delete(client))
  })
  return {
    open: () => listening(server, listener),
    // nobody knows what is spoken, and so how to say it
    announceEnd() {},
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
    cut() {
      for (const client of clients) client.destroy()
    },
  }
}
