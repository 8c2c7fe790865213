import { createServer } from 'node:net'

import { arrivalOf, clientsOf } from './clients.ts'
import type { Engine } from './exchange/engine.ts'
import type { Front } from './exchange/exchange.ts'
import { type EntrypointServer, type Listener, listening } from './listener.ts'

/** A client that has closed its half wants its answer all the same. */
export const acceptOptions = { allowHalfOpen: true, noDelay: true } as const

/** Serves HTTP/1.1 on one entrypoint; `slot` is its place in the counters. */
export function httpServer(listener: Listener, slot: number, engine: Engine): EntrypointServer {
  const { entrypoint } = listener
  const front: Front = { entrypoint, slot, scheme: 'http' }
  const clients = clientsOf(front, engine)
  const server = createServer(acceptOptions, (socket) => {
    clients.serve(socket, arrivalOf(socket, undefined))
  })

  return {
    open: () => listening(server, listener),
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
