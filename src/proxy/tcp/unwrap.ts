import type { Terminator } from '../tls/terminator.ts'
import type { Arrival } from './deliver.ts'

const nothing = Buffer.alloc(0)

/** What is inside of the TLS of a client whose hello has been read; undefined: the handshake failed, and it is gone. */
export function unwrapped(arrival: Arrival, tls: Terminator): Promise<Arrival | undefined> {
  const { promise, resolve } = Promise.withResolvers<Arrival | undefined>()
  const { client: wire, bytes, hello } = arrival
  const failed = () => resolve(undefined)
  wire.unshift(bytes)
  wire.once('close', failed)
  tls.accept(
    wire,
    ({ socket }) => {
      wire.off('close', failed)
      resolve({ ...arrival, client: socket, bytes: nothing, askedForTls: false })
    },
    spoken(hello?.protocols),
  )
  return promise
}

/** Nobody here knows what the endpoint speaks: one who offers a single protocol has no choice, and wants to hear it. */
function spoken(offered: readonly string[] = []): readonly string[] {
  return offered.length === 1 ? offered : []
}
