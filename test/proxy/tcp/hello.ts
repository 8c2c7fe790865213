import { createServer } from 'node:net'
import { connect, type ConnectionOptions } from 'node:tls'

import { listeningOn } from '../../listening.ts'

/** The first bytes of a real TLS client. */
export async function helloOf(options: ConnectionOptions): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  const server = createServer((socket) => {
    socket.once('data', (bytes) => {
      resolve(Buffer.from(bytes))
      socket.destroy()
    })
  })
  const port = await listeningOn(server)
  const client = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options })
  client.on('error', () => {})
  const bytes = await promise
  client.destroy()
  server.close()
  return bytes
}

/** The message of a hello that is in one record. */
export function messageOf(hello: Buffer): Buffer {
  return hello.subarray(5)
}

/** `message` in records of `size` bytes each. */
export function inRecords(message: Buffer, size: number): Buffer {
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size)
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part)
  }
  return Buffer.concat(records)
}

export function extension(type: number, content: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(type, 0)
  head.writeUInt16BE(content.length, 2)
  return Buffer.concat([head, content])
}

/** server_name with this one entry. */
export function nameExtension(name: string, type = 0): Buffer {
  const bytes = Buffer.from(name, 'latin1')
  const head = Buffer.alloc(5)
  head.writeUInt16BE(bytes.length + 3, 0)
  head.writeUInt8(type, 2)
  head.writeUInt16BE(bytes.length, 3)
  return extension(0, Buffer.concat([head, bytes]))
}

/** A ClientHello, with its handshake header, that has these extensions; undefined: not even their length. */
export function handmade(extensions: Buffer | undefined): Buffer {
  const tail = extensions ? Buffer.concat([length16(extensions), extensions]) : Buffer.alloc(0)
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    Buffer.from([0, 0, 2, 0x13, 0x01, 1, 0]),
    tail,
  ])
  const head = Buffer.alloc(4)
  head.writeUInt8(1, 0)
  head.writeUIntBE(body.length, 1, 3)
  return Buffer.concat([head, body])
}

function length16(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length, 0)
  return length
}
