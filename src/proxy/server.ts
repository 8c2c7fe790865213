import { createServer } from 'node:net'

import { arrivalsOf } from './arrivals.ts'
import { clientsOf } from './clients.ts'
import type { Engine } from './exchange/engine.ts'
import type { Front } from './exchange/front.ts'
import { type EntrypointServer, type Listener, listening } from './listener.ts'

/** A client that has closed its half wants its answer all the same. */
export const acceptOptions = { allowHalfOpen: true, noDelay: true } as const
const plain = { serverName: undefined, tls: undefined, protocol: 'http/1.1' } as const

/** Serves HTTP/1.1 on one entrypoint; `slot` is its place in the counters. */
export function httpServer(listener: Listener, slot: number, engine: Engine): EntrypointServer {
  const { entrypoint } = listener
  const front: Front = { entrypoint, slot, scheme: 'http' }
  const clients = clientsOf(front, engine)
  const arrivals = arrivalsOf(engine.trust)
  const server = createServer(acceptOptions, (socket) => {
    arrivals.of(socket, (who, ends) => {
      clients.serve(socket, { ...who, ends, ...plain })
      if (socket.isPaused()) socket.resume()
    })
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
    cut() {
      arrivals.cut()
      clients.cut()
    },
  }
}
