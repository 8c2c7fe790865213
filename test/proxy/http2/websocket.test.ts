import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'
import { text } from 'node:stream/consumers'

import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

import { identityOf } from '../../../src/core/instance.ts'
import { backend, catalogOf, instance } from '../bed.ts'
import { host, routes, secured } from './client.ts'
import { overHttp2, tunnel } from './over-http2.ts'

const limitMs = 60_000

/** A WebSocket server that answers each message with the same, and remembers who asked. */
async function echoes() {
  const service = await backend((_, response) => response.writeHead(426).end('upgrade needed'))
  const sockets = new WebSocketServer({ noServer: true })
  const asked: IncomingMessage[] = []
  service.server.on('upgrade', (incoming, socket, head) => {
    asked.push(incoming)
    if (incoming.url === '/no') {
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno')
      return
    }
    sockets.handleUpgrade(incoming, socket, head, (opened) => {
      opened.on('message', (message, binary) => opened.send(message, { binary }))
      opened.on('error', () => {})
    })
  })
  return { ...service, asked, opened: sockets.clients }
}

async function echoed(socket: WebSocket, message: string) {
  socket.send(message)
  const [answer] = await once(socket, 'message')
  return String(answer)
}

test(
  'a WebSocket goes through HTTP/2, beside others and beside requests',
  async () => {
    await using service = await echoes()
    await using at = await secured()
    const mine = instance({ port: service.port, routes })
    at.catalog.set(catalogOf([mine]))
    const session = at.session()
    const first = await overHttp2(session, '/a?b=c')
    const second = await overHttp2(session)
    for (const { socket } of [first, second]) await once(socket, 'open')
    expect(first.socket.protocol).toBe('chat')
    expect(await echoed(first.socket, 'hello')).toBe('hello')
    expect(await echoed(second.socket, 'y'.repeat(300_000))).toHaveLength(300_000)
    expect(first.stream.sentHeaders[':protocol']).toBe('websocket')
    const { url, headers, method } = service.asked[0] ?? {}
    expect({ url, method, host: headers?.host }).toEqual({ url: '/a?b=c', method: 'GET', host })
    const plain = session.request({ ':path': '/', ':authority': host })
    const [head] = await once(plain, 'response')
    expect(head[':status']).toBe(426)
    expect(await text(plain)).toBe('upgrade needed')
    const inFlight = () => at.proxy.upstream(identityOf(mine))?.inFlight
    await expect.poll(inFlight, { timeout: 30_000 }).toBe(2)
    first.socket.close(4000, 'enough')
    expect((await once(first.socket, 'close'))[0]).toBe(4000)
    await expect.poll(inFlight, { timeout: 30_000 }).toBe(1)
    expect(await echoed(second.socket, 'still')).toBe('still')
  },
  limitMs,
)

test(
  'a client that goes away ends it at the endpoint, one side that ends is the end',
  async () => {
    await using service = await echoes()
    await using at = await secured()
    at.catalog.set(catalogOf([instance({ port: service.port, routes })]))
    const session = at.session()
    const gone = await overHttp2(session)
    await once(gone.socket, 'open')
    gone.stream.close(8)
    await expect.poll(() => service.opened.size, { timeout: 30_000 }).toBe(0)
    const kept = await overHttp2(session)
    await once(kept.socket, 'open')
    for (const socket of service.opened) socket.terminate()
    await once(kept.socket, 'close')
    await expect.poll(() => kept.stream.destroyed, { timeout: 30_000 }).toBe(true)
    expect(session.destroyed).toBe(false)
  },
  limitMs,
)

test(
  'a draining endpoint’s WebSockets are told 1001',
  async () => {
    await using service = await echoes()
    await using at = await secured({ drainMs: 1000 })
    at.catalog.set(catalogOf([instance({ port: service.port, routes })]))
    const { socket } = await overHttp2(at.session())
    await once(socket, 'open')
    const closed = once(socket, 'close')
    at.catalog.set(catalogOf([instance({ port: service.port, routes, state: 'draining' })]))
    expect((await closed)[0]).toBe(1001)
  },
  limitMs,
)

test(
  'an endpoint may refuse, and so do we what is no WebSocket',
  async () => {
    await using service = await echoes()
    await using at = await secured()
    at.catalog.set(catalogOf([instance({ port: service.port, routes })]))
    const session = at.session()
    const status = async (path: string, more: Record<string, string>) => {
      const stream = await tunnel(session, path, more)
      const [head] = await once(stream, 'response')
      stream.resume()
      return head[':status']
    }
    expect(await status('/no', {})).toBe(403)
    expect(await status('/', { ':protocol': 'connect-udp' })).toBe(501)
    expect(await status('/', { 'content-length': '5' })).toBe(400)
    expect(await status('/', { ':authority': 'other.test' })).toBe(421)
    expect(service.asked).toHaveLength(1)
  },
  limitMs,
)

test(
  'an endpoint of HTTP/2 gets WebSockets by HTTP/1.1; one that has nothing but HTTP/2 is a 502, and no failure of its',
  async () => {
    await using both = await echoes()
    const only = createHttp2((_, response) => response.end('h2'))
    await once(only.listen(0, '127.0.0.1'), 'listening')
    const address = only.address()
    const port = typeof address === 'object' && address ? address.port : 0
    await using at = await secured()
    at.catalog.set(catalogOf([instance({ port: both.port, protocol: 'h2c', routes })]))
    const { socket } = await overHttp2(at.session())
    await once(socket, 'open')
    expect(await echoed(socket, 'hello')).toBe('hello')

    const pair = ['b', 'c'].map((name) =>
      instance({ port, protocol: 'h2c', routes, container: name.repeat(64) }),
    )
    at.catalog.set(catalogOf(pair))
    for (let turn = 0; turn < 12; turn++) {
      const old = new WebSocket(`ws://127.0.0.1:${at.port}/`, { headers: { host } })
      old.on('error', () => {})
      const [, answer] = await once(old, 'unexpected-response')
      expect(answer.statusCode).toBe(502)
      expect(await text(answer)).toContain('WebSockets')
    }
    for (const one of pair) expect(at.proxy.upstream(identityOf(one))?.health).not.toBe('ejected')
    expect((await at.get()).body).toBe('h2')
    only.close()
  },
  limitMs,
)
