import { type AddressInfo, createServer, type Server } from 'node:net'

import { arrivalOf, clientsOf } from './clients.ts'
import type { Engine } from './exchange/engine.ts'
import type { Front } from './exchange/exchange.ts'
import { type Bound, type Listener, listenError } from './listener.ts'

/** One listening entrypoint. */
export type HttpServer = {
  /** Rejects `listen` with setting, address and remedy. */
  open(): Promise<Bound>
  /** From now on clients are told that their connections end. */
  announceEnd(): void
  /** Accepts no more connections; resolves when the last has ended. */
  close(): Promise<void>
  /** Ends them now. */
  cut(): void
}

/** A client that has closed its half wants its answer all the same. */
export const acceptOptions = { allowHalfOpen: true, noDelay: true } as const

/** Serves HTTP/1.1 on one entrypoint; `slot` is its place in the counters. */
export function httpServer(listener: Listener, slot: number, engine: Engine): HttpServer {
  const { entrypoint } = listener
  const front: Front = { entrypoint, slot, scheme: 'http' }
  const clients = clientsOf(front, engine)
  const server = createServer(acceptOptions, (socket) => {
    clients.serve(socket, arrivalOf(socket, undefined))
  })

  return {
    open: () => opened(server, listener),
    // answers say so
    announceEnd() {},
    async close() {
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      clients.endIdle()
      await promise
    },
    cut: () => clients.cut(),
  }
}

/** Listens; rejects `listen`. */
export async function opened(server: Server, listener: Listener): Promise<Bound> {
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
