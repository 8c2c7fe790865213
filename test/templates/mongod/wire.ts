import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

import { BSON } from 'mongodb'
import { onTestFinished } from 'vitest'

import { answer } from './commands.ts'
import type { Network } from './network.ts'
import { newNode } from './node.ts'
import { Refusal } from './rules.ts'

const opReply = 1
const opQuery = 2004
const opMsg = 2013

/**
 * A mongod of `network` behind a port of its own on `ip`; gives its `host:port`. Speaks MongoDB's wire protocol: OP_MSG,
 * and OP_QUERY for the first hello. While its node is not `up` it cuts off whoever connects.
 */
export async function listening(network: Network, ip: string): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
    serve(socket, (command) => answered(network, host, command))
  })
  server.listen(0, ip)
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const host = ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
  network.set(host, newNode(host))
  return host
}

type Answer = (command: Record<string, unknown>) => Record<string, unknown> | undefined

/** Undefined where nobody would answer. */
function answered(network: Network, host: string, command: Record<string, unknown>) {
  try {
    return answer(network, host, command)
  } catch (error) {
    if (!(error instanceof Refusal)) return undefined
    const { code, codeName, message } = error
    return { ok: 0, code, codeName, errmsg: message }
  }
}

function serve(socket: Socket, answerTo: Answer) {
  let read = Buffer.alloc(0)
  socket.on('data', (piece: Buffer) => {
    read = Buffer.concat([read, piece])
    while (read.length >= 16 && read.length >= read.readInt32LE(0)) {
      const message = read.subarray(0, read.readInt32LE(0))
      read = read.subarray(message.length)
      const reply = answerTo(commandIn(message))
      if (!reply) {
        socket.destroy()
        return
      }
      socket.write(replyTo(message, BSON.serialize(reply)))
    }
  })
}

function commandIn(message: Buffer): Record<string, unknown> {
  const code = message.readInt32LE(12)
  // after the flags, and in OP_QUERY the collection's name and two numbers
  const start = code === opQuery ? message.indexOf(0, 20) + 9 : 21
  if (code !== opQuery && code !== opMsg) throw new Error(`opcode ${code}`)
  // documents of kind 1 may follow: nothing here reads them
  return BSON.deserialize(message.subarray(start, start + message.readInt32LE(start)))
}

function replyTo(message: Buffer, document: Uint8Array): Buffer {
  const isQuery = message.readInt32LE(12) === opQuery
  // flags, and kind 0; or flags, cursor, start, and one document
  const before = Buffer.alloc(isQuery ? 20 : 5)
  if (isQuery) before.writeInt32LE(1, 16)
  const head = Buffer.alloc(16)
  head.writeInt32LE(head.length + before.length + document.length, 0)
  head.writeInt32LE(message.readInt32LE(4), 8)
  head.writeInt32LE(isQuery ? opReply : opMsg, 12)
  return Buffer.concat([head, before, document])
}
