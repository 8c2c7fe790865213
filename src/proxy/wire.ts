import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'

const nothing = Buffer.alloc(0)
const wires = new WeakMap<Duplex, Socket>()

/** From now on it is known that `below` carries what goes over `secured`. */
export function carries(below: Socket, secured: TLSSocket): void {
  wires.set(secured, below)
}

/**
 * Has a connection that was reset, and is not read from, fail: only a write tells. Nothing is sent. Node forgets how an
 * empty write goes over TLS, so it is made below.
 */
export function askWhetherThere(side: Duplex): void {
  const wire = wires.get(side) ?? side
  if (wire.writable && wire.writableLength === 0 && side.writableLength === 0) wire.write(nothing)
}

/** Resets a connection, so that nobody takes what has come for whole. */
export function abort(side: Duplex): void {
  const wire = wires.get(side) ?? side
  if (wire instanceof Socket) wire.resetAndDestroy()
  else wire.destroy()
}
