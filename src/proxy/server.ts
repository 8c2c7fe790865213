import { createServer, type Server, type AddressInfo, type Socket } from 'node:net'

import { plainAddress } from '../core/ranges.ts'
import { Asked } from './exchange/asked.ts'
import type { Engine } from './exchange/engine.ts'
import { Exchange, type Front } from './exchange/exchange.ts'
import { ClientConnection } from './http1/client-connection.ts'
import { type Bound, type Listener, listenError } from './listener.ts'

/** One listening entrypoint. */
export type HttpServer = {
  /** Rejects `listen` with setting, address and remedy. */
  open(): Promise<Bound>
  /** Accepts no more connections; resolves when the last has ended. */
  close(): Promise<void>
  /** Ends them now. */
  cut(): void
}

/** Serves HTTP/1.1 on one entrypoint; `slot` is its place in the counters. */
export function httpServer(listener: Listener, slot: number, engine: Engine): HttpServer {
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
    open: () => opened(server, listener),
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

async function opened(server: Server, listener: Listener): Promise<Bound> {
  const { entrypoint, host, port, reusePort = false } = listener
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  const at = host === undefined || host === '' ? {} : { host }
  server.listen({ port, ...at, reusePort }, resolve)
  try {
    await promise
  } catch (error) {
    throw listenError(listener, error)
  }
  server.off('error', reject)
  const { address, port: bound } = addressOf(server)
  return { entrypoint, address, port: bound }
}

function addressOf(server: Server): AddressInfo {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('not a TCP listener')
  return address
}
