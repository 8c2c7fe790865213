import { once } from 'node:events'
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'
import { createServer as createTcp, type Server, type Socket } from 'node:net'
import { createServer as createTls } from 'node:tls'

import { readProxyHeader } from '../../../src/proxy/tcp/proxy-header.ts'

/** What one connection was begun with. */
export type Told = ReturnType<typeof readProxyHeader>

type Secrets = { readonly cert: string; readonly key: string }
type Speaks = 'http' | 'https' | 'h2c'

/** A server that wants a header of the PROXY protocol before anything else, and answers with whom it was told of. */
export async function proxiedEndpoint(speaks: Speaks, secrets?: Secrets) {
  const told: Told[] = []
  const asked: string[] = []
  const sockets = new Set<Socket>()
  /** By port of the other side. */
  const sources = new Map<number, string>()
  const inner = innerOf(speaks, secrets, ({ url, socket }, response) => {
    asked.push(url ?? '')
    response.end(sources.get(socket.remotePort ?? 0) ?? 'nobody')
  })
  const server = createTcp((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    void take(socket)
  })

  async function take(socket: Socket): Promise<void> {
    const found = await header(socket)
    const source = found.kind === 'header' ? found.ends?.source : undefined
    told.push(found)
    sources.set(socket.remotePort ?? 0, source ? `${source.ip} ${source.port}` : found.kind)
    if (found.kind === 'header') inner.emit('connection', socket)
    else socket.destroy()
  }

  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    /** By connection, in the order in which they came. */
    told,
    asked,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function innerOf(
  speaks: Speaks,
  secrets: Secrets | undefined,
  serve: (
    incoming: Pick<IncomingMessage, 'url' | 'socket'>,
    response: { end(text: string): void },
  ) => void,
): Server {
  const http = createHttp((incoming: IncomingMessage, response: ServerResponse) =>
    serve(incoming, response),
  )
  if (speaks === 'http') return http
  if (speaks === 'h2c') return createHttp2((incoming, response) => serve(incoming, response))
  return createTls({ ...secrets }, (socket) => void http.emit('connection', socket))
}

/** Reads the header off the connection, and leaves the rest in it. */
async function header(socket: Socket): Promise<Told> {
  let bytes = Buffer.alloc(0)
  for (;;) {
    const [piece] = await once(socket, 'readable').then(() => [socket.read()])
    if (piece === null) {
      if (socket.readableEnded || socket.destroyed) return { kind: 'none' }
      continue
    }
    bytes = Buffer.concat([bytes, piece])
    const found = readProxyHeader(bytes)
    if (found.kind === 'more') continue
    if (found.kind === 'header') socket.unshift(bytes.subarray(found.length))
    return found
  }
}
