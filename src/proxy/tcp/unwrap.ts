import type { Terminator } from '../tls/terminator.ts'
import type { Arrival } from './arrival.ts'

const nothing = Buffer.alloc(0)

/**
 * Calls `done` with what is inside of the TLS of a client whose hello has been read; without, when the handshake failed
 * and it is gone.
 */
export function unwrapped(
  arrival: Arrival,
  tls: Terminator,
  done: (plain: Arrival | undefined) => void,
): void {
  const { client: wire, bytes, hello } = arrival
  const failed = () => done(undefined)
  wire.unshift(bytes)
  wire.once('close', failed)
  tls.accept(
    wire,
    ({ socket }) => {
      wire.off('close', failed)
      done({ ...arrival, client: socket, bytes: nothing, askedForTls: false })
    },
    spoken(hello?.protocols),
  )
}

/** Nobody here knows what the endpoint speaks: one who offers a single protocol has no choice, and wants to hear it. */
function spoken(offered: readonly string[] = []): readonly string[] {
  return offered.length === 1 ? offered : []
}
