import { createHash, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'

import { expect, test } from 'vitest'

import { counted, database, parrot, speaker, tcpBackend, tcpBed, until } from './bed.ts'
import { received, standsStill } from './sockets.ts'

const mebibyte = 1024 * 1024

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Writes `bytes` in pieces of random sizes, waits when it has to, and ends its half. */
async function saidInPieces(socket: Socket, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const size = 1 + Math.floor(Math.random() ** 4 * 200_000)
    const isTaken = socket.write(bytes.subarray(at, at + size))
    at += size
    if (!isTaken) await new Promise((resolve) => socket.once('drain', resolve))
    else if (Math.random() < 0.2) await new Promise(setImmediate)
  }
  socket.end()
}

test('what both sides say at once, in pieces of any size, comes out whole', async () => {
  const answer = randomBytes(24 * mebibyte)
  let heard: Promise<Buffer> | undefined
  await using service = await tcpBackend((socket) => {
    heard = received(socket)
    void saidInPieces(socket, answer)
  })
  await using proxy = await tcpBed()
  proxy.set(database({ port: service.port }))
  const question = randomBytes(24 * mebibyte)
  const client = await proxy.connect()
  const [answered] = await Promise.all([received(client), saidInPieces(client, question)])
  expect(digest(answered)).toBe(digest(answer))
  expect(digest((await heard) ?? Buffer.alloc(0))).toBe(digest(question))
  await until(async () => (await counted(proxy, 'portolan_tcp_in_flight{entrypoint="db"}')) === 0)
  expect(await counted(proxy, 'portolan_tcp_bytes_total{direction="in"}')).toBe(question.length)
  expect(await counted(proxy, 'portolan_tcp_bytes_total{direction="out"}')).toBe(answer.length)
})

test('a client that ends its half still gets the answer to it', async () => {
  await using service = await tcpBackend((socket) => {
    void received(socket).then((all) => socket.end(`got ${all.length}`))
  })
  await using proxy = await tcpBed()
  proxy.set(database({ port: service.port }))
  const client = await proxy.connect()
  client.end('four')
  expect(String(await received(client))).toBe('got 4')
})

test('a server that ends its half still hears the client', async () => {
  let heard: Promise<Buffer> | undefined
  await using service = await tcpBackend((socket) => {
    heard = received(socket)
    socket.end('hello')
  })
  await using proxy = await tcpBed()
  proxy.set(database({ port: service.port }))
  const client = await proxy.connect()
  expect(String(await received(client))).toBe('hello')
  client.write('more')
  await new Promise(setImmediate)
  client.end(', and the end')
  expect(String(await heard)).toBe('more, and the end')
})

test('a client that ends before it is connected to anybody is heard', async () => {
  await using service = await parrot()
  await using proxy = await tcpBed()
  const client = await proxy.connect()
  client.end()
  await new Promise(setImmediate)
  proxy.set(database({ port: service.port }))
  expect(await received(client)).toHaveLength(0)
  expect(service.connections()).toBe(1)
})

test('a client that does not read holds up the server, and memory stays small', async () => {
  const size = 256 * mebibyte
  const piece = Buffer.alloc(mebibyte, 'x')
  let said = 0
  await using service = await tcpBackend((socket) => {
    socket.resume()
    const more = () => {
      while (said < size) {
        said += piece.length
        if (!socket.write(piece)) return void socket.once('drain', more)
      }
      socket.end()
    }
    more()
  })
  await using proxy = await tcpBed()
  proxy.set(database({ port: service.port }))
  const client = await proxy.connect()
  client.pause()
  await standsStill(() => said)
  expect(said).toBeLessThan(64 * mebibyte)
  let count = 0
  for await (const part of client) count += Buffer.from(part).length
  expect(count).toBe(size)
})

test('a server that does not read holds up the client', async () => {
  let server: Socket | undefined
  await using service = await tcpBackend((socket) => {
    server = socket
    socket.pause()
  })
  await using proxy = await tcpBed()
  proxy.set(database({ port: service.port }))
  const client = await proxy.connect()
  const piece = Buffer.alloc(mebibyte, 'y')
  const size = 128 * mebibyte
  let said = 0
  const more = () => {
    while (said < size) {
      said += piece.length
      if (!client.write(piece)) return void client.once('drain', more)
    }
    client.end()
  }
  more()
  await standsStill(() => said)
  expect(said).toBeLessThan(64 * mebibyte)
  if (!server) throw new Error('nobody came')
  expect((await received(server)).length).toBe(size)
})

test('a reset is passed on as one, both ways', async () => {
  const sockets: Socket[] = []
  await using service = await tcpBackend((socket) => {
    sockets.push(socket)
    socket.write('half')
  })
  await using proxy = await tcpBed()
  proxy.set(database({ port: service.port }))
  const client = await proxy.connect()
  const broken = new Promise<Error>((resolve) => client.once('error', resolve))
  await new Promise((resolve) => client.once('data', resolve))
  sockets[0]?.resetAndDestroy()
  expect(await broken).toMatchObject({ code: 'ECONNRESET' })

  const other = await proxy.connect()
  await new Promise((resolve) => other.once('data', resolve))
  const reset = new Promise<Error>((resolve) => sockets[1]?.once('error', resolve))
  sockets[1]?.resume()
  other.resetAndDestroy()
  expect(await reset).toMatchObject({ code: 'ECONNRESET' })
})

test('many connections at once each get their own', async () => {
  await using service = await parrot()
  await using proxy = await tcpBed()
  proxy.set(database({ port: service.port }))
  const said = Array.from({ length: 100 }, (_, at) => randomBytes(at * 500))
  const heard = await Promise.all(
    said.map(async (bytes) => {
      const client = await proxy.connect()
      void saidInPieces(client, bytes)
      return received(client)
    }),
  )
  expect(heard.map(digest)).toEqual(said.map(digest))
})

test('a server that speaks first is heard at once', async () => {
  await using service = await speaker('220 ready\r\n')
  await using proxy = await tcpBed()
  proxy.set(database({ port: service.port }))
  expect(String(await received(await proxy.connect()))).toBe('220 ready\r\n')
})
