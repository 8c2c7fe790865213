import { createServer, type Server, type AddressInfo, type Socket } from 'node:net'

import { errnoOf, messageOf, PortolanError } from '../core/errors.ts'
import { plainAddress } from '../core/ranges.ts'
import { Asked } from './exchange/asked.ts'
import type { Engine } from './exchange/engine.ts'
import { Exchange, type Front } from './exchange/exchange.ts'
import { ClientConnection } from './http1/client-connection.ts'

export type Listener = {
  readonly entrypoint: string
  /** All addresses, IPv6 and IPv4, unless given. */
  readonly host?: string
  readonly port: number
}

export type Bound = { readonly entrypoint: string; readonly address: string; readonly port: number }

/** One listening entrypoint. */
export type HttpServer = {
  /** Rejects `listen` with setting, address and remedy. */
  open(): Promise<Bound>
  /** Accepts no more connections; resolves when the last has ended. */
  close(): Promise<void>
  /** Ends them now. */
  cut(): void
}

/** Serves HTTP/1.1 on one entrypoint. */
export function httpServer(listener: Listener, engine: Engine): HttpServer {
  const { entrypoint } = listener
  const connections = new Set<ClientConnection>()
  const slot = engine.counts.entrypointSlot(entrypoint)
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
  const { entrypoint, host, port } = listener
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ port, ...(host === undefined || host === '' ? {} : { host }) }, resolve)
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

const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has this port: stop it, or choose another port',
  EACCES:
    'ports below 1024 need privileges: choose a higher one, or add the capability NET_BIND_SERVICE',
  EADDRNOTAVAIL: 'this machine has no such address: leave the host out to listen on all',
}

function listenError({ entrypoint, host = '', port }: Listener, error: unknown): PortolanError {
  const remedy = remedies[errnoOf(error) ?? ''] ?? messageOf(error)
  return new PortolanError('listen', `--${entrypoint} can't listen on ${host}:${port}: ${remedy}`, {
    cause: error,
  })
}
