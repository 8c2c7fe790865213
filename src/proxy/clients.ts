import type { Duplex } from 'node:stream'

import { trailOf } from './access/trail.ts'
import type { Arrival } from './arrivals.ts'
import { Asked } from './exchange/asked.ts'
import type { Engine } from './exchange/engine.ts'
import { Exchange } from './exchange/exchange.ts'
import type { Front } from './exchange/front.ts'
import type { Origin } from './exchange/request-text.ts'
import { ClientConnection, type ClientOwner } from './http1/client-connection.ts'

/** Who has just come, or been answered, is about to ask, and would not know whether that was heard. */
const aboutToAskMs = 1000

/** The clients of one entrypoint that speak HTTP/1.1, over whatever carries their bytes. */
export type Clients = {
  serve(stream: Duplex, arrival: Arrival): void
  /** Ends the connections on which nothing is asked for, the new ones a moment later. */
  endIdle(): void
  cut(): void
}

export function clientsOf(front: Front, engine: Engine): Clients {
  const arrivals = new Map<ClientConnection, Arrival>()
  const owner: ClientOwner = {
    streams: engine.clientStreams,
    times: engine.clientTimes,
    head: engine.requestHead,
    shared: engine.shared,
    takerOf(connection) {
      const arrival = arrivals.get(connection)
      if (!arrival) throw new TypeError('a connection that is closed asks for something')
      return exchangeOf(connection, arrival, front, engine)
    },
    onClosed: (connection) => arrivals.delete(connection),
  }

  function endIdle(forMs: number): void {
    for (const connection of arrivals.keys()) connection.endIdle(forMs)
  }

  return {
    serve(stream, arrival) {
      // who has left before anybody looked has no address, and needs no answer
      if (arrival.peer === '') return void stream.destroy()
      const connection = new ClientConnection(stream, owner, engine.nowMs)
      arrivals.set(connection, arrival)
      connection.start()
    },
    endIdle() {
      endIdle(aboutToAskMs)
      setTimeout(() => endIdle(0), aboutToAskMs).unref()
    },
    cut() {
      for (const connection of arrivals.keys()) connection.destroy()
    },
  }
}

/** Who asks, and how: the same for all requests of a connection. */
export function originOf(arrival: Arrival, { scheme }: Front, { via }: Engine): Origin {
  const { peer, port, serverName, ends } = arrival
  return { peer, scheme, port, via, serverName, ends }
}

function exchangeOf(
  connection: ClientConnection,
  arrival: Arrival,
  front: Front,
  engine: Engine,
): Exchange {
  const asked = new Asked(originOf(arrival, front, engine), engine.trust(arrival.peer))
  const exchange = new Exchange(connection, asked, front, engine)
  exchange.trail = trailOf(engine, front, asked, arrival)
  return exchange
}
