import { createServer, type Socket } from 'node:net'

import { plainAddress } from '../core/ranges.ts'
import { Asked } from './exchange/asked.ts'
import type { Engine } from './exchange/engine.ts'
import { Exchange, type Front } from './exchange/exchange.ts'
import { ClientConnection } from './http1/client-connection.ts'
import { type EntrypointServer, type Listener, listening } from './listener.ts'

/** Serves HTTP/1.1 on one entrypoint; `slot` is its place in the counters. */
export function httpServer(listener: Listener, slot: number, engine: Engine): EntrypointServer {
  const { entrypoint } = listener
  const connections = new Set<ClientConnection>()
  const front: Front = { entrypoint, slot, scheme: 'http' }
  const options = { allowHalfOpen: true, noDelay: true }
  const server = createServer(options, (socket) => {
    const connection = accepted(socket, front, engine, (closed) => {
      connections.delete(closed)
      engine.clients.delete(closed)
    })
    connections.add(connection)
    engine.clients.add(connection)
  })

  return {
    open: () => listening(server, listener),
    async close() {
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      for (const connection of connections) if (connection.isIdle) connection.end()
      await promise
    },
    cut() {
      for (const connection of connections) connection.destroy()
    },
  }
}

function accepted(
  socket: Socket,
  front: Front,
  engine: Engine,
  onClosed: (connection: ClientConnection) => void,
): ClientConnection {
  const peer = plainAddress(socket.remoteAddress ?? '')
  const { scheme } = front
  const origin = { peer, scheme, port: socket.localPort ?? 0, via: engine.via }
  const connection = new ClientConnection(socket, engine.requestHead, engine.nowMs, onClosed)
  const asked = new Asked(origin, engine.trust(peer))
  connection.start(new Exchange(connection, asked, front, engine))
  return connection
}
