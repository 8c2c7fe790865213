import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'

import { normalHost } from '../../core/rule/host.ts'
import { carries } from '../wire.ts'
import { type Contexts, contextsOf, type TlsFeed } from './contexts.ts'

/** A connection whose handshake is over. */
export type Secured = {
  readonly socket: TLSSocket
  /** The name that the client asked for, as rules compare it; undefined if it named none, or resumed by TLS 1.2. */
  readonly name: string | undefined
  readonly protocol: 'h2' | 'http/1.1'
}

export type TerminatorOptions = {
  /** The certificate that routes wish for `host`. */
  readonly wishFor: (host: string) => string | undefined
  /** Until the handshake is over; 10 s. */
  readonly handshakeMs?: number
}

/** The server's side of TLS, on sockets that others have accepted. */
export type Terminator = {
  /** From now on handshakes go by this; connections that are there stay as they are. */
  use(feed: TlsFeed): void
  /**
   * Calls `secured` unless the handshake fails or `raw` ends before; in both cases `raw` is destroyed. `offered`: what
   * may be spoken inside; HTTP unless given.
   */
  accept(raw: Socket, secured: (one: Secured) => void, offered?: readonly string[]): void
  /** Whether there is a certificate for `host`; the default one doesn't count. */
  covers(host: string): boolean
}

/** As ALPN has them on the wire (RFC 7301, 3.1): Node would convert names again for each connection. */
const protocols = Buffer.from('\x02h2\x08http/1.1', 'latin1')
/** unrecognized_name (RFC 6066, 3), fatal: so that a client can tell a wrong name from a broken server. */
const unknownName = Buffer.from([21, 3, 3, 0, 2, 2, 112])

/** What Node says of records that can't be read, and of a handshake that is not to be. */
const brokenTls = '_tlsError'

export function terminator({ wishFor, handshakeMs = 10_000 }: TerminatorOptions): Terminator {
  let contexts: Contexts | undefined

  function contextFor(serverName: string): SecureContext | undefined {
    const host = normalHost(serverName)
    return host === undefined ? undefined : contexts?.named(host, wishFor(host))
  }

  return {
    use(feed) {
      contexts = contextsOf(feed, Date.now(), contexts)
    },
    covers: (host) => contexts?.covers(host, wishFor(host)) ?? false,
    accept(raw, secured, offered) {
      // a client that resets its connection is nothing to speak of
      raw.on('error', () => raw.destroy())
      if (!contexts) return void raw.destroy()
      const spoken = offered ? [...offered] : protocols
      const socket = new TLSSocket(raw, {
        isServer: true,
        secureContext: contexts.first,
        ...(spoken.length > 0 && { ALPNProtocols: spoken }),
        SNICallback(serverName, done) {
          const context = contextFor(serverName)
          if (context) done(null, context)
          else raw.end(unknownName)
        },
      })
      carries(raw, socket)
      const timer = setTimeout(() => raw.destroy(), handshakeMs)
      socket.on('error', () => socket.destroy())
      socket.once('close', () => clearTimeout(timer))
      // each costs us much and the client little; HTTP/2 forbids it anyway (RFC 9113, 9.2.1)
      socket.disableRenegotiation()
      socket.once('secure', () => {
        clearTimeout(timer)
        // Node destroys of itself only what its own servers have accepted
        socket.once(brokenTls, () => socket.destroy())
        const protocol = socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1'
        secured({ socket, name: nameOf(socket), protocol })
        // Node says so to clients only, and its HTTP/2 waits for it
        if (protocol === 'h2') socket.emit('secureConnect')
      })
    },
  }
}

function nameOf({ servername }: TLSSocket): string | undefined {
  return typeof servername === 'string' ? normalHost(servername) : undefined
}
