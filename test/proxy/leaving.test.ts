import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

import type { Instance } from '../../src/core/instance.ts'
import { closed, listeningOn } from '../listening.ts'
import { backend, bed, catalogOf, instance, named, pause } from './bed.ts'

const second = { container: 'b'.repeat(64), name: 'shop-web-2', createdAt: '2026-01-02T00:00:00Z' }

/** Accepts connections, and gives each to `act`, which decides whether anything is read. */
async function raw(act: (socket: Socket) => void) {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => {})
    act(socket)
  })
  const port = await listeningOn(server)
  return {
    port,
    [Symbol.asyncDispose]: () => closed(server),
  }
}

/** Counts the requests that reach it. */
async function counted() {
  let requests = 0
  const service = await backend((request, response) => {
    requests++
    request.resume().on('end', () => response.end('second'))
  })
  return { ...service, requests: () => requests }
}

for (const [name, leaves, closesAfterMs, status, requests] of [
  ['is refused unread is sent again if the endpoint leaves', true, 200, 200, 1],
  ['comes too late is sent again if the endpoint leaves', true, 0, 200, 1],
  ['is refused unread is not sent again if the endpoint stays', false, 200, 502, 0],
] as const) {
  test(`a POST that ${name}`, async () => {
    const taken = Promise.withResolvers<Socket>()
    await using first = await raw((socket) => taken.resolve(socket))
    await using other = await counted()
    await using proxy = await bed()
    const publish = (halt?: Instance['halt']) => {
      const here = instance({ port: first.port, state: halt ? 'draining' : 'ready', halt })
      proxy.catalog.set(catalogOf(halt ? [here, instance({ ...other, ...second })] : [here]))
    }
    publish()
    const answer = proxy.get('/', { method: 'POST', body: 'x'.repeat(2000) })
    const socket = await taken.promise
    // the kernel has the request by then, the process has not
    if (closesAfterMs > 0) await pause(closesAfterMs)
    socket.destroy()
    if (leaves) publish('stopping')
    expect((await answer).status).toBe(status)
    expect(other.requests()).toBe(requests)
  })
}

test('a POST that may have been read is not sent again, though the endpoint has left', async () => {
  const read = Promise.withResolvers<Socket>()
  await using first = await raw((socket) => {
    socket.resume().once('data', () => read.resolve(socket))
  })
  await using other = await counted()
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: first.port })]))
  const answer = proxy.get('/', { method: 'POST', body: 'x' })
  const socket = await read.promise
  proxy.catalog.set(catalogOf([instance({ port: other.port, ...second })]))
  expect((await proxy.get()).body).toBe('second')
  socket.destroy()
  expect((await answer).status).toBe(502)
  expect(other.requests()).toBe(1)
})

test('a body of several pieces is sent again as a whole, with what comes later', async () => {
  const taken = Promise.withResolvers<Socket>()
  await using first = await raw((socket) => taken.resolve(socket))
  await using other = await backend((request, response) => void request.pipe(response))
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: first.port })]))
  const client = connect(proxy.port, '127.0.0.1')
  let seen = ''
  client.setEncoding('latin1').on('data', (more: string) => (seen += more))
  client.write('POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n')
  client.write('3\r\none\r\n')
  const socket = await taken.promise
  await pause(50)
  client.write('3\r\ntwo\r\n')
  await pause(50)
  proxy.catalog.set(
    catalogOf([
      instance({ port: first.port, state: 'draining', halt: 'stopping' }),
      instance({ port: other.port, ...second }),
    ]),
  )
  socket.destroy()
  await pause(50)
  client.write('5\r\nthree\r\n0\r\n\r\n')
  await expect.poll(() => seen).toMatch(/^HTTP\/1\.1 200 [^]*one[^]*two[^]*three/)
  client.destroy()
})

test('what may be repeated does not wait at a paused container', async () => {
  const asked = Promise.withResolvers<void>()
  await using mute = await backend(() => asked.resolve())
  await using other = await named('other')
  await using proxy = await bed()
  const here = { port: mute.port }
  proxy.catalog.set(catalogOf([instance(here)]))
  const answer = proxy.get()
  await asked.promise
  const paused = instance({ ...here, state: 'unhealthy', halt: 'paused' })
  proxy.catalog.set(catalogOf([paused, instance({ port: other.port, ...second })]))
  expect((await answer).body).toBe('other')
})

test('what must not be repeated waits there, and so does all if there is nobody else', async () => {
  const answers: (() => void)[] = []
  await using service = await backend((_, response) => {
    answers.push(() => response.end('here'))
  })
  await using other = await named('other')
  await using proxy = await bed()
  const here = { port: service.port }
  const paused = instance({ ...here, state: 'unhealthy', halt: 'paused' })
  proxy.catalog.set(catalogOf([instance(here)]))
  const get = proxy.get()
  await expect.poll(() => answers.length).toBe(1)
  proxy.catalog.set(catalogOf([paused]))
  await pause(500)
  answers[0]?.()
  expect((await get).body).toBe('here')
  proxy.catalog.set(catalogOf([instance(here)]))
  const post = proxy.get('/', { method: 'POST', body: 'x' })
  await expect.poll(() => answers.length).toBe(2)
  proxy.catalog.set(catalogOf([paused, instance({ port: other.port, ...second })]))
  await pause(500)
  answers[1]?.()
  expect((await post).body).toBe('here')
})

test('an endpoint gets nothing new in the last second before Docker ends it', async () => {
  await using deaf = await named('deaf')
  await using next = await named('next')
  await using proxy = await bed({ holdMs: 60_000 })
  const stopping = (stopTimeout: number) =>
    instance({ port: deaf.port, state: 'draining', halt: 'stopping', stopTimeout })
  proxy.catalog.set(catalogOf([instance({ port: deaf.port })]))
  expect((await proxy.get()).body).toBe('deaf')
  proxy.catalog.set(catalogOf([stopping(600)]))
  expect((await proxy.get()).body).toBe('deaf')
  proxy.catalog.set(catalogOf([stopping(1)]))
  const held = proxy.get()
  await expect.poll(() => proxy.registry.metrics()).toMatch(/held\w* 1/)
  proxy.catalog.set(catalogOf([instance({ port: next.port, ...second })]))
  expect((await held).body).toBe('next')
})

test('a WebSocket that begins at an endpoint which stops is told 1001 before its end', async () => {
  await using service = await backend()
  const sockets = new WebSocketServer({ server: service.server })
  sockets.on('connection', (socket) => socket.on('error', () => {}))
  await using proxy = await bed()
  const stopping = { state: 'draining', halt: 'stopping', stopTimeout: 10 } as const
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  await proxy.get('/', { method: 'OPTIONS' })
  proxy.catalog.set(catalogOf([instance({ port: service.port, ...stopping })]))
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/`, { headers: { host: 'shop.test' } })
  const [code] = await once(socket, 'close')
  expect(code).toBe(1001)
})
