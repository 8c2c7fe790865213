import type { Socket } from 'node:net'

import { mostAsText, whenFlushed } from './flushed.ts'

/** The two sides of a connection through us, and what carries the client. */
export type Sides = { readonly client: Socket; readonly wire: Socket; readonly server: Socket }

/**
 * Joins a client and the endpoint's `server`, whose bytes already go to the client (see downstream.ts), until both have
 * ended: passes what the client says, half-closes and resets. Both allow half-open connections. Resolves when both are
 * closed. `passed` is told how many bytes came from the client.
 */
export function relay(
  { client, wire, server }: Sides,
  passed: (bytes: number) => void,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let open = 2

  const resume = () => void client.resume()

  client.on('data', (chunk: Buffer) => {
    passed(chunk.length)
    if (chunk.length <= mostAsText) server.write(chunk.toString('latin1'), 'latin1')
    else server.write(chunk)
    if (server.writableLength === 0) return
    client.pause()
    whenFlushed(server, resume)
  })
  for (const [one, other, below] of [
    [client, server, server],
    [server, client, wire],
  ] as const) {
    one.on('end', () => other.end())
    one.on('close', () => {
      // a reset must not look like an end: who waits for the rest would take a half for the whole
      if (one.errored) below.resetAndDestroy()
      else if (!one.readableEnded) other.destroy()
      if (--open === 0) resolve()
    })
  }
  server.resume()
  client.resume()
  if (client.readableEnded) server.end()
  return promise
}
