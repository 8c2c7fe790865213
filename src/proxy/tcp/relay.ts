import type { Socket } from 'node:net'

import type { ReadBuffers } from '../buffers.ts'
import { readIntoOwn } from '../own-buffer.ts'
import { Flow } from './flow.ts'
import { mostAsText, whenFlushed } from './flushed.ts'

/** The two sides of a connection through us, and what carries the client. */
export type Sides = { readonly client: Socket; readonly wire: Socket; readonly server: Socket }

/**
 * Joins a client and the endpoint's `server`, whose bytes already go to the client (see flow.ts), until both have
 * ended: passes what the client says, half-closes and resets. Both allow half-open connections. Calls `ended` when both
 * are closed. `passed` is told how many bytes came from the client.
 */
export function relay(
  sides: Sides,
  buffers: ReadBuffers,
  passed: (bytes: number) => void,
  ended: () => void,
): void {
  const { client, wire, server } = sides
  let open = 2
  let reads = 0
  let up: Flow | undefined
  const resume = () => void client.resume()
  const closed = () => {
    if (--open > 0) return
    up?.release()
    ended()
  }

  client.on('data', (chunk: Buffer) => {
    passed(chunk.length)
    if (chunk.length <= mostAsText) server.write(chunk.latin1Slice(), 'latin1')
    else server.write(chunk)
    // most of those that speak only once do not say much
    if (reads < 2) {
      reads += chunk.length > mostAsText ? 2 : 1
      if (reads >= 2) up = ownFlow(sides, buffers, passed)
    }
    if (server.writableLength === 0) return
    client.pause()
    whenFlushed(server, resume)
  })
  follow(client, server, server, closed)
  follow(server, client, wire, closed)
  server.resume()
  client.resume()
  if (client.readableEnded) server.end()
}

/** What a client says costs less with a buffer of its own, where it can have one. */
function ownFlow(
  { client, wire, server }: Sides,
  buffers: ReadBuffers,
  passed: (bytes: number) => void,
): Flow | undefined {
  if (client !== wire) return undefined
  const flow = new Flow(server, buffers, passed)
  flow.from(client)
  if (readIntoOwn(client, flow.onread)) return flow
  flow.release()
  return undefined
}

/** Passes on how `one` ends; `below` carries `other`. */
function follow(one: Socket, other: Socket, below: Socket, closed: () => void): void {
  one.on('end', () => {
    // to close what has ended the other way says the same, and costs half; but TLS has a word of its own for it
    const isLast = other.readableEnded && other === below && other.writableLength === 0
    if (isLast) other.destroy()
    else other.end()
  })
  one.on('close', () => {
    // a reset must not look like an end: who waits for the rest would take a half for the whole
    if (one.errored) below.resetAndDestroy()
    else if (!one.readableEnded) other.destroy()
    closed()
  })
}
