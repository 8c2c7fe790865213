import { connect, createServer, type Socket } from 'node:net'

import { expect } from 'vitest'

import { closed, listeningOn } from '../../listening.ts'

/** A client that sends exactly what a test says. */
export function wireClient(port: number) {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true })
  let received = ''
  let hasEnded = false
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1')
  })
  // a connection that is cut ends too
  socket.on('error', () => {})
  // not `once`, which fails of an error before the close
  const { promise: closing, resolve } = Promise.withResolvers<void>()
  socket.on('close', () => resolve())
  socket.on('end', () => {
    hasEnded = true
    socket.end()
  })
  return {
    socket,
    received: () => received,
    /** The proxy has closed its half. */
    hasEnded: () => hasEnded,
    send: (text: string) => socket.write(text, 'latin1'),
    /** Waits until what has come is like `pattern`. */
    async until(pattern: RegExp): Promise<string> {
      await expect.poll(() => received).toMatch(pattern)
      return received
    },
    /** All that came, when the connection is closed. */
    async closed(): Promise<string> {
      await closing
      return received
    },
    [Symbol.dispose]: () => socket.destroy(),
  }
}

/** What comes back for these bytes on a connection that the proxy has to close. */
export async function spoken(port: number, bytes: string): Promise<string> {
  using client = wireClient(port)
  client.send(bytes)
  return await client.closed()
}

/** One connection to an endpoint. */
export type Arrived = {
  readonly socket: Socket
  /** Everything that it brought. */
  text: string
  hasEnded: boolean
  isClosed: boolean
}

/** An endpoint that answers what a test says: `serve` is called for everything that comes. */
export async function wireEndpoint(serve: (arrived: Arrived, piece: string) => void) {
  const all: Arrived[] = []
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const arrived: Arrived = { socket, text: '', hasEnded: false, isClosed: false }
    all.push(arrived)
    socket.on('data', (bytes) => {
      const piece = bytes.toString('latin1')
      arrived.text += piece
      serve(arrived, piece)
    })
    socket.on('end', () => {
      arrived.hasEnded = true
      socket.end()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      arrived.isClosed = true
    })
  })
  const port = await listeningOn(server)
  return {
    port,
    /** Connections, in the order in which they came. */
    all,
    last: () => all.at(-1),
    [Symbol.asyncDispose]: () =>
      closed(
        server,
        all.map(({ socket }) => socket),
      ),
  }
}

export const host = 'Host: shop.test\r\n'

/** A request for `path`; `lines` end with CR LF. */
export function get(path: string, lines = ''): string {
  return `GET ${path} HTTP/1.1\r\n${host}${lines}\r\n`
}

/** An answer with a body of counted length. */
export function ok(body: string, lines = ''): string {
  return `HTTP/1.1 200 OK\r\n${lines}Content-Length: ${body.length}\r\n\r\n${body}`
}
