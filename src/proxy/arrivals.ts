import type { Socket } from 'node:net'

import { plainAddress } from '../core/ranges.ts'
import { announced, unannounced, type WhoConnects } from './tcp/opening.ts'
import type { Trust } from './trust.ts'

/** Who is at the other end of an accepted connection, and which of our ports it came to. */
export type Came = { readonly peer: string; readonly port: number }

/** From where a connection came, and where to. */
export type Arrival = Came & {
  readonly ends: WhoConnects
  /** What the client took us for in its TLS handshake, if it said so. */
  readonly serverName: string | undefined
  /** Version of TLS. */
  readonly tls: string | undefined
  readonly protocol: 'h2' | 'http/1.1'
}

/** Tells who has come. */
export type Arrivals = {
  /**
   * Calls `came` at once; for a trusted peer when its header of the PROXY protocol, if it has one, is read. Then the
   * socket is paused, and what follows the header stands in it unread.
   */
  of(socket: Socket, came: (who: Came, ends: WhoConnects) => void): void
  /** Ends those whose header is still awaited. */
  cut(): void
}

export function arrivalsOf(trust: Trust): Arrivals {
  const awaited = new Set<Socket>()

  async function read(socket: Socket, came: (who: Came, ends: WhoConnects) => void): Promise<void> {
    awaited.add(socket)
    const known = await announced(socket)
    awaited.delete(socket)
    socket.off('error', ignored)
    if (typeof known === 'string') return void socket.destroy()
    const { source, destination } = known.ends()
    if (known.bytes.length > 0) socket.unshift(known.bytes)
    came({ peer: source.ip, port: destination.port }, known.ends)
  }

  return {
    of(socket, came) {
      const { remoteAddress = '', localPort = 0 } = socket
      const peer = plainAddress(remoteAddress)
      if (!trust(peer)) return came({ peer, port: localPort }, unannounced(socket).ends)
      socket.on('error', ignored)
      void read(socket, came)
    },
    cut() {
      for (const socket of awaited) socket.destroy()
    },
  }
}

/** What goes wrong with it ends it, and is seen by that. */
function ignored(): void {}
