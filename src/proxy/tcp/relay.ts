import type { Socket } from 'node:net'

import type { Parker } from '../exchange/parked.ts'
import { readIntoOwn } from '../own-buffer.ts'
import { abort, askWhetherThere } from '../wire.ts'
import { Flow, type Room } from './flow.ts'
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
  room: Room,
  passed: (bytes: number) => void,
  ended: () => void,
): void {
  const { client, wire, server } = sides
  const upward = new Upward(sides, room, passed)
  let open = 2
  const closed = () => {
    if (--open > 0) return
    upward.release()
    ended()
  }
  client.on('data', (chunk: Buffer) => upward.take(chunk))
  follow(client, server, server, closed)
  follow(server, client, wire, closed)
  server.resume()
  client.resume()
  if (client.readableEnded) server.end()
}

/** What the client says, until it costs less to read it into a buffer of its own: where it can have one. */
class Upward implements Parker {
  private readonly sides: Sides
  private readonly room: Room
  private readonly passed: (bytes: number) => void
  private readonly resume: () => void
  private reads = 0
  private flow: Flow | undefined

  constructor(sides: Sides, room: Room, passed: (bytes: number) => void) {
    this.sides = sides
    this.room = room
    this.passed = passed
    this.flow = undefined
    this.resume = () => {
      room.parked.gone(this)
      sides.client.resume()
    }
  }

  take(chunk: Buffer): void {
    const { client, server } = this.sides
    this.passed(chunk.length)
    if (chunk.length <= mostAsText) server.write(chunk.latin1Slice(), 'latin1')
    else server.write(chunk)
    // most of those that speak only once do not say much
    if (this.reads < 2) {
      this.reads += chunk.length > mostAsText ? 2 : 1
      if (this.reads >= 2) this.flow = this.ownFlow()
    }
    if (server.writableLength === 0) return
    client.pause()
    this.room.parked.wait(this, server.writableLength)
    whenFlushed(server, this.resume)
  }

  release(): void {
    this.room.parked.gone(this)
    this.flow?.release()
  }

  giveUp(): void {
    abort(this.sides.client)
    abort(this.sides.server)
  }

  look(): void {
    askWhetherThere(this.sides.client)
  }

  private ownFlow(): Flow | undefined {
    const { client, wire, server } = this.sides
    if (client !== wire) return undefined
    const flow = new Flow(server, this.room, this.passed)
    flow.fromClient(client)
    if (readIntoOwn(client, flow.onread)) return flow
    flow.release()
    return undefined
  }
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
