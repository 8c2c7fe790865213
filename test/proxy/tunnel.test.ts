import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'

import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

import { identityOf } from '../../src/core/instance.ts'
import { FrameTracker } from '../../src/proxy/exchange/frames.ts'
import { backend, bed, catalogOf, instance, pause, raw } from './bed.ts'

/** A WebSocket server that answers each message with the same. */
async function echoes() {
  const service = await backend((_, response) => response.writeHead(426).end('upgrade needed'))
  const sockets = new WebSocketServer({ server: service.server })
  sockets.on('connection', (socket, request) => {
    socket.on('message', (message, binary) => socket.send(message, { binary }))
    socket.on('error', () => {})
    if (request.url === '/talk') {
      const timer = setInterval(() => socket.send('x'.repeat(5000)), 1)
      socket.once('close', () => clearInterval(timer))
    }
  })
  return service
}

async function connected(port: number, path = '/') {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { host: 'shop.test' } })
  await once(socket, 'open')
  return socket
}

async function echoed(socket: WebSocket, message: string) {
  socket.send(message)
  const [answer] = await once(socket, 'message')
  return String(answer)
}

test('a WebSocket goes through, is counted while it lasts, and outlives changes elsewhere', async () => {
  await using service = await echoes()
  await using proxy = await bed()
  const mine = instance({ port: service.port })
  proxy.catalog.set(catalogOf([mine]))
  const socket = await connected(proxy.port)
  expect(await echoed(socket, 'hello')).toBe('hello')
  expect(await echoed(socket, 'y'.repeat(100_000))).toHaveLength(100_000)
  expect(proxy.proxy.upstream(identityOf(mine))?.inFlight).toBe(1)
  const other = instance({ service: 'o', rule: 'Host(`o`)', container: 'b'.repeat(64) })
  proxy.catalog.set(catalogOf([mine, other]))
  await pause(50)
  expect(await echoed(socket, 'still')).toBe('still')
  socket.close()
  await once(socket, 'close')
  await expect.poll(() => proxy.proxy.upstream(identityOf(mine))?.inFlight).toBe(0)
})

test('an upgrade that nobody answers in time is a 504', async () => {
  await using service = await backend((_, response) => response.end())
  service.server.on('upgrade', () => {})
  await using proxy = await bed({ firstByteMs: 150 })
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/`, { headers: { host: 'shop.test' } })
  socket.on('error', () => {})
  const [, answer] = await once(socket, 'unexpected-response')
  expect(answer.statusCode).toBe(504)
})

test('a draining endpoint’s WebSockets are told 1001 between two frames, even while it talks', async () => {
  await using service = await echoes()
  await using proxy = await bed({ drainMs: 1000 })
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const quiet = await connected(proxy.port)
  const busy = await connected(proxy.port, '/talk')
  const ends = [quiet, busy].map(async (socket) => {
    const [code] = await once(socket, 'close')
    return code
  })
  proxy.catalog.set(catalogOf([instance({ port: service.port, state: 'draining' })]))
  expect(await Promise.all(ends)).toEqual([1001, 1001])
})

test('a WebSocket waits for an endpoint, and passes one that refuses', async () => {
  const dead = await backend()
  await dead.close()
  await using service = await echoes()
  await using proxy = await bed()
  const refusing = instance({ port: dead.port })
  proxy.catalog.set(catalogOf([instance({ port: dead.port, state: 'starting' })]))
  const waiting = connected(proxy.port)
  await pause(100)
  proxy.catalog.set(
    catalogOf([refusing, instance({ port: service.port, container: 'b'.repeat(64) })]),
  )
  const socket = await waiting
  expect(await echoed(socket, 'there')).toBe('there')
  socket.terminate()
})

const upgrade =
  'GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

test('an endpoint that declines gives its answer, an unknown host 404, a dead one 502', async () => {
  await using plain = await backend((_, response) => response.writeHead(403).end('no sockets'))
  await using rude = await backend()
  rude.server.on('upgrade', (_, socket) => socket.destroy())
  await using proxy = await bed()
  proxy.catalog.set(
    catalogOf([
      instance({ port: plain.port }),
      instance({ port: rude.port, rule: 'Host(`rude`)', container: 'b'.repeat(64) }),
    ]),
  )
  expect(await raw(proxy.port, `${upgrade}Host: shop.test\r\n\r\n`)).toMatch(
    /^HTTP\/1.1 403 [^]*no sockets/,
  )
  expect(await raw(proxy.port, `${upgrade}Host: nobody\r\n\r\n`)).toMatch(/^HTTP\/1.1 404 /)
  expect(await raw(proxy.port, `${upgrade}Host: rude\r\n\r\n`)).toMatch(/^HTTP\/1.1 502 /)
})

test('much that a client says comes out whole, however slowly it is taken', async () => {
  const said = randomBytes(24 * 1024 * 1024)
  const heard = Promise.withResolvers<Buffer>()
  await using service = await backend()
  service.server.on('upgrade', (_, socket) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
    const take = async () => {
      const parts: Buffer[] = []
      for await (const part of socket) {
        parts.push(part)
        if (parts.length % 16 === 0) await new Promise(setImmediate)
      }
      heard.resolve(Buffer.concat(parts))
    }
    void take()
  })
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const client = connect({ port: proxy.port, host: '127.0.0.1' })
  client.write(`${upgrade}Host: shop.test\r\n\r\n`)
  const [answer] = await once(client, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1.1 101 /)
  for (let at = 0, size = 1; at < said.length; at += size, size = (size * 7 + 5) % 150_001) {
    const isTaken = client.write(said.subarray(at, at + size))
    if (!isTaken) await once(client, 'drain')
  }
  client.end()
  expect((await heard.promise).equals(said)).toBe(true)
})

test('frames are followed wherever the stream is cut', () => {
  const frames = Buffer.concat([
    Buffer.from([0x81, 3, 1, 2, 3]),
    Buffer.from([0x82, 126, 0, 200]),
    Buffer.alloc(200),
    Buffer.from([0x81, 0x82, 9, 9, 9, 9, 1, 2]),
    Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
    Buffer.alloc(65_536),
  ])
  const ends = [5, 209, 217, frames.length]
  for (const size of [1, 2, 3, 7, 1000]) {
    const tracker = new FrameTracker()
    for (let at = 0; at < frames.length; at += size) {
      tracker.push(frames.subarray(at, at + size))
      const end = Math.min(at + size, frames.length)
      expect(tracker.between).toBe(ends.includes(end))
    }
  }
})

test('a client that keeps its half open is closed all the same, after a refused upgrade too', async () => {
  await using proxy = await bed({ drainMs: 60_000 })
  proxy.catalog.set(catalogOf([]))
  const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true })
  client.write(`${upgrade}Host: a.test\r\n\r\n`)
  const [answer] = await once(client, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1.1 404 /)
  const ended = once(
    client.on('error', () => {}),
    'end',
  )
  await proxy.stop()
  await ended
  client.destroy()
})
