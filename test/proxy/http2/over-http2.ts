import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import { Duplex } from 'node:stream'

import { WebSocket } from 'ws'

import { host } from './client.ts'

const magic = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Asks for a tunnel, once the server has said that it has some (RFC 8441). */
export async function tunnel(
  session: ClientHttp2Session,
  path = '/',
  more: Record<string, string> = {},
): Promise<ClientHttp2Stream> {
  if (!session.remoteSettings.enableConnectProtocol) await once(session, 'remoteSettings')
  const stream = session.request(
    {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'https',
      ':path': path,
      ':authority': host,
      'sec-websocket-version': '13',
      ...more,
    },
    { endStream: false },
  )
  stream.on('error', () => {})
  return stream
}

/** A WebSocket over a stream of HTTP/2. */
export async function overHttp2(session: ClientHttp2Session, path = '/', protocol = 'chat') {
  const stream = await tunnel(session, path, { 'sec-websocket-protocol': protocol })
  const socket = new WebSocket(`ws://${host}${path}`, protocol, {
    createConnection: () => new Spoken(stream),
    perMessageDeflate: false,
  })
  socket.on('error', () => {})
  return { socket, stream }
}

/** Has a client of WebSockets by HTTP/1.1 believe that it speaks to a server of that. */
class Spoken extends Duplex {
  private readonly stream: ClientHttp2Stream
  private head = ''
  private isOpen = false

  constructor(stream: ClientHttp2Stream) {
    super()
    this.stream = stream
    stream.on('end', () => this.push(null))
    stream.on('close', () => this.destroy())
  }

  override _read(): void {
    this.stream.resume()
  }

  override _write(bytes: Buffer, _: BufferEncoding, done: () => void): void {
    if (this.isOpen) return void this.stream.write(bytes, () => done())
    this.head += bytes.toString('latin1')
    const key = /^sec-websocket-key: (\S+)\r\n[^]*\r\n\r\n$/im.exec(this.head)?.[1]
    if (key !== undefined) void this.open(key)
    done()
  }

  override _final(done: () => void): void {
    this.stream.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.stream.close()
    done(error)
  }

  private async open(key: string): Promise<void> {
    this.isOpen = true
    const [head] = await once(this.stream, 'response')
    const accept = createHash('sha1').update(`${key}${magic}`).digest('base64')
    const protocol = String(head['sec-websocket-protocol'])
    const line = head[':status'] === 200 ? '101 Switching Protocols' : `${head[':status']} No`
    this.push(
      `HTTP/1.1 ${line}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n` +
        `sec-websocket-accept: ${accept}\r\nsec-websocket-protocol: ${protocol}\r\n\r\n`,
    )
    this.stream.on('data', (bytes: Buffer) => {
      if (!this.push(bytes)) this.stream.pause()
    })
  }
}
