import { createServer, type Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'

import { expect } from 'vitest'

import { closed, listeningOn } from '../../listening.ts'
import { host } from './client.ts'

/** Types of frames (RFC 9113, 6). */
export const type = { data: 0, headers: 1, reset: 3, settings: 4, window: 8 } as const
/** END_STREAM, END_HEADERS; of SETTINGS the first says ACK. */
const flag = { end: 1, ack: 1, whole: 4 } as const

export type Frame = {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

export function frame(kind: number, flags: number, stream: number, payload = Buffer.alloc(0)) {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(kind, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A whole head; each field as a literal that nobody remembers (RFC 7541, 6.2.2): name, value, name, value. */
export function headers(stream: number, fields: readonly string[], isLast = false): Buffer {
  const texts = fields.map((text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]))
  const parts = texts.flatMap((text, at) => (at % 2 === 0 ? [Buffer.from([0]), text] : [text]))
  const flags = isLast ? flag.whole | flag.end : flag.whole
  return frame(type.headers, flags, stream, Buffer.concat(parts))
}

export function reset(stream: number, code: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(code)
  return frame(type.reset, 0, stream, payload)
}

/** The head of a request for the host of `secured`. */
export function asking(method: string, ...more: readonly string[]): readonly string[] {
  const scheme = method === 'CONNECT' ? [] : [':scheme', 'https', ':path', '/']
  return [':method', method, ...scheme, ':authority', host, ...more]
}

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

/** Takes `socket`'s frames apart, and says yes to settings. */
function follow(socket: Socket, skipped: number, taken: (one: Frame) => void): void {
  let bytes = Buffer.alloc(0)
  let skip = skipped
  socket.on('error', () => {})
  socket.on('data', (more: Buffer) => {
    bytes = Buffer.concat([bytes, more])
    if (bytes.length < skip) return
    bytes = bytes.subarray(skip)
    skip = 0
    while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
      const end = 9 + bytes.readUIntBE(0, 3)
      const [kind = 0, flags = 0] = bytes.subarray(3, 5)
      const one = {
        type: kind,
        flags,
        stream: bytes.readUInt32BE(5),
        payload: bytes.subarray(9, end),
      }
      bytes = bytes.subarray(end)
      if (kind === type.settings && flags !== flag.ack) socket.write(frame(kind, flag.ack, 0))
      taken(one)
    }
  })
}

/** A client of HTTP/2 that sends exactly what a test says. */
export async function frameClient(port: number) {
  const frames: Frame[] = []
  const socket = await new Promise<TLSSocket>((resolve, reject) => {
    const one = connect(
      {
        port,
        host: '127.0.0.1',
        servername: host,
        rejectUnauthorized: false,
        ALPNProtocols: ['h2'],
      },
      () => resolve(one),
    )
    one.on('error', reject)
  })
  follow(socket, 0, (one) => frames.push(one))
  socket.write(Buffer.concat([Buffer.from(preface), frame(type.settings, 0, 0)]))
  return {
    frames,
    send: (...all: readonly Buffer[]) => socket.write(Buffer.concat(all)),
    /** Waits for the end of a stream: the types of its frames, in order. */
    async ended(stream: number): Promise<readonly number[]> {
      const of = () => frames.filter((one) => one.stream === stream)
      const isEnd = (one: Frame) =>
        one.type === type.reset || (one.type <= type.headers && (one.flags & flag.end) !== 0)
      await expect.poll(() => of().some(isEnd)).toBe(true)
      return of().map((one) => one.type)
    },
    [Symbol.dispose]: () => socket.destroy(),
  }
}

/** SETTINGS_INITIAL_WINDOW_SIZE: 0, so that nobody may send content. */
const closedWindow = Buffer.from([0, 4, 0, 0, 0, 0])

/** An endpoint of HTTP/2 without TLS that answers a head with what `answer` gives, and takes content if it `reads`. */
export async function frameEndpoint(answer: (stream: number) => Buffer, reads = true) {
  const sockets = new Set<Socket>()
  const taken: Frame[] = []
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.write(frame(type.settings, 0, 0, reads ? undefined : closedWindow))
    follow(socket, preface.length, (one) => {
      taken.push(one)
      if (one.type === type.headers && one.stream > 0) socket.write(answer(one.stream))
    })
  })
  const port = await listeningOn(server)
  return {
    port,
    taken,
    /** How many there were. */
    connections: () => sockets.size,
    send: (bytes: Buffer) => sockets.forEach((socket) => socket.write(bytes)),
    [Symbol.asyncDispose]: () => closed(server, sockets),
  }
}
