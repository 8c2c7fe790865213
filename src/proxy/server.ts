import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'

import { type Bound, type Listener, listenError } from './listener.ts'
import type { Serve } from './serve.ts'
import { watchBody } from './slow-bodies.ts'

/** One listening entrypoint. */
export type HttpServer = {
  /** Rejects `listen` with setting, address and remedy. */
  open(): Promise<Bound>
  /** From now on answers say that the connection will end. */
  announceEnd(): void
  /** Accepts no more connections; resolves when the last has ended. */
  close(): Promise<void>
  /** Ends them now. */
  cut(): void
}

const maxHeaderSize = 64 * 1024
const idleSweepMs = 100

export function httpServer(listener: Listener, served: Serve): HttpServer {
  const upgraded = new Set<Duplex>()
  let ending = false
  const server = createServer({
    maxHeaderSize,
    insecureHTTPParser: false,
    headersTimeout: 10_000,
    // bodies have a minimum rate instead
    requestTimeout: 0,
    keepAliveTimeout: 75_000,
    connectionsCheckingInterval: 2000,
    noDelay: true,
    shouldUpgradeCallback: ({ method, headers }) =>
      method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket',
  })
  // counted instead of cut off, see admit.ts
  server.maxHeadersCount = 0
  server.on('upgrade', (message, client, head) => {
    upgraded.add(client)
    client.once('close', () => upgraded.delete(client))
    void served.upgrade(message, client, head)
  })
  for (const event of ['request', 'checkContinue'] as const) {
    server.on(event, (message, response) => {
      if (ending) response.shouldKeepAlive = false
      watchBody(message)
      void served.request(message, response)
    })
  }

  return {
    open: () => opened(server, listener),
    announceEnd() {
      ending = true
    },
    async close() {
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      // a connection whose answer was announced as not the last becomes idle later
      const sweep = setInterval(() => server.closeIdleConnections(), idleSweepMs)
      server.closeIdleConnections()
      await promise
      clearInterval(sweep)
    },
    cut() {
      server.closeAllConnections()
      for (const client of upgraded) client.destroy()
    },
  }
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
