import { createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import { arrivalsOf, type Came } from '../arrivals.ts'
import type { Arrival } from '../arrivals.ts'
import { clientsOf } from '../clients.ts'
import type { Engine } from '../exchange/engine.ts'
import type { Front } from '../exchange/front.ts'
import { directly } from '../http2/directly.ts'
import { type Session, session } from '../http2/session.ts'
import { type EntrypointServer, type Listener, listening } from '../listener.ts'
import { acceptOptions } from '../server.ts'
import type { BesideHttp } from '../tcp/beside-http.ts'
import type { WhoConnects } from '../tcp/opening.ts'
import type { Terminator } from './terminator.ts'

/** Serves HTTP/1.1 and HTTP/2 over TLS on one entrypoint, and the routes of TCP that are there. */
export function httpsServer(
  listener: Listener,
  slot: number,
  engine: Engine,
  tls: Terminator,
  tcp: BesideHttp,
): EntrypointServer {
  const { entrypoint } = listener
  const front: Front = { entrypoint, slot, scheme: 'https' }
  const clients = clientsOf(front, engine)
  const sessions = new Set<Session>()
  /** Whose handshake is not over, or not ours to make. */
  const fresh = new Set<Socket>()

  function serveHttp2(socket: Duplex, arrival: Arrival): void {
    const attach = (one: Duplex) => clients.serve(one, arrival)
    const take = directly(front, engine, arrival)
    const one = session(socket, { attach, take, parked: engine.parked }, () => sessions.delete(one))
    sessions.add(one)
  }

  const arrivals = arrivalsOf(engine.trust)
  const server = createServer(acceptOptions, (raw) => {
    fresh.add(raw)
    raw.once('close', () => fresh.delete(raw))
    arrivals.of(raw, (who, ends) => {
      if (tcp.some) void tcp.take(raw, ends, () => secure(raw, who, ends))
      else secure(raw, who, ends)
    })
  })

  function secure(raw: Socket, who: Came, ends: WhoConnects): void {
    tls.accept(raw, ({ socket, name, protocol }) => {
      fresh.delete(raw)
      const tlsVersion = socket.getProtocol() ?? undefined
      const arrival = { ...who, ends, serverName: name, tls: tlsVersion, protocol }
      if (protocol === 'http/1.1') clients.serve(socket, arrival)
      else serveHttp2(socket, arrival)
    })
  }

  return {
    open: () => listening(server, listener),
    announceEnd() {
      for (const one of sessions) one.announceEnd()
    },
    async close() {
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      clients.endIdle()
      for (const one of sessions) one.close()
      await promise
    },
    cut() {
      for (const raw of fresh) raw.destroy()
      for (const one of sessions) one.cut()
      clients.cut()
    },
  }
}
