import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'

import type { EndpointPlace, EndpointSessions, Owner } from '../http2/endpoint-sessions.ts'
import { EndpointSocket } from '../http2/endpoint-socket.ts'

/** Where an endpoint is reached, and what it speaks. */
export type Place = EndpointPlace & { readonly protocol: 'http' | 'https' | 'h2c' }

/** What a connection does while it is used. */
export type Dialled = {
  /** Where the next read goes to, if it is known before; else reads bring buffers of their own. */
  readonly buffer: () => Buffer
  readonly read: (bytes: Buffer, count: number) => void
  readonly connected: () => void
}

/** Connects to `place`, by what is spoken there. `sessions`: those of HTTP/2. */
export function dial(
  place: Place,
  sessions: EndpointSessions,
  dialled: Dialled,
  owner: Owner | undefined,
): Duplex {
  if (place.protocol === 'http') return plain(place, dialled, owner)
  if (place.protocol === 'https') return encrypted(place, dialled, owner)
  return translated(place, sessions, dialled, owner)
}

function plain({ ip, port }: Place, dialled: Dialled, owner: Owner | undefined): Socket {
  const { buffer } = dialled
  const callback = (count: number) => {
    dialled.read(buffer(), count)
    return true
  }
  const onread = { buffer, callback }
  // half open, so that it can be asked whether what was sent has arrived
  const socket = connect({ host: ip, port, noDelay: true, allowHalfOpen: true, onread })
  socket.on('connect', dialled.connected)
  if (owner) socket.write(owner.header)
  return socket
}

function encrypted(place: Place, dialled: Dialled, owner: Owner | undefined): Socket {
  const { ip: host, port } = place
  const way = owner ? { socket: told(place, owner) } : { host, port }
  const socket = connectTls({ ...way, ...unchecked })
  socket.setNoDelay(true)
  socket.on('secureConnect', dialled.connected)
  socket.on('data', (bytes: Buffer) => dialled.read(bytes, bytes.length))
  return socket
}

/** To an endpoint of HTTP/2: a stream of its own for one request. */
function translated(
  place: Place,
  sessions: EndpointSessions,
  dialled: Dialled,
  owner: Owner | undefined,
): Duplex {
  const socket = new EndpointSocket(sessions, place, owner)
  socket.on('connect', dialled.connected)
  socket.on('data', (bytes: Buffer) => dialled.read(bytes, bytes.length))
  return socket
}

/** A connection that begins with what its endpoint is to know of the client. */
function told({ ip: host, port }: Place, { header }: Owner): Socket {
  const socket = connect({ host, port })
  socket.write(header)
  return socket
}

/**
 * Containers are reached by address, for which nobody has a certificate: encrypted, not authenticated. What stands
 * behind an address is known from Docker.
 */
const unchecked = { rejectUnauthorized: false } as const
