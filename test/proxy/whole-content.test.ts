import { createServer, type Socket } from 'node:net'

import { expect, test } from 'vitest'

import type { Instance } from '../../src/core/instance.ts'
import { closed, listeningOn } from '../listening.ts'
import { backend, bed, catalogOf, instance } from './bed.ts'

const sizes = [1, 2000, 4096, 4097, 10_000, 16_000, 30_000, 60_000, 200_000]
const second = { container: 'b'.repeat(64), name: 'shop-web-2', createdAt: '2026-01-02T00:00:00Z' }
/** A text of `size` bytes that is like no other one. */
const textOf = (name: string, size: number) => `${name} `.repeat(size).slice(0, size)

function mirroring() {
  return backend((request, response) => void request.pipe(response))
}

/** Answers the first request on a connection, and reads nothing after it. */
async function deaf() {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}))
    socket.once('data', () => {
      socket.pause()
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    })
  })
  const port = await listeningOn(server)
  return { port, sockets, [Symbol.asyncDispose]: () => closed(server, sockets) }
}

test('what many clients send at the same time arrives as it was, with its head or in pieces', async () => {
  await using service = await mirroring()
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const client = async (name: string) => {
    for (const size of sizes) {
      const body = textOf(name, size)
      const answer = await proxy.get('/', { method: 'POST', body })
      expect([answer.status, answer.body === body]).toEqual([200, true])
    }
  }
  await Promise.all(Array.from({ length: 12 }, (_, at) => client(`client ${at}`)))
})

for (const size of [2000, 10_000, 30_000]) {
  test(`${size} bytes that came with their head are sent again as they were, whatever has come since`, async () => {
    await using first = await deaf()
    await using other = await mirroring()
    await using proxy = await bed()
    const publish = (halt?: Instance['halt']) => {
      const here = instance({ port: first.port, state: halt ? 'draining' : 'ready', halt })
      const there = instance({ port: other.port, ...second })
      const aside = instance({
        service: 'aside',
        container: 'c'.repeat(64),
        port: other.port,
        rule: 'Host(`aside.test`)',
      })
      proxy.catalog.set(catalogOf(halt ? [here, there, aside] : [here, aside]))
    }
    publish()
    // connections that are kept, to both
    expect((await proxy.get()).status).toBe(200)
    expect((await proxy.get('/', { host: 'aside.test' })).status).toBe(200)
    const body = textOf('first', size)
    const answer = proxy.get('/', { method: 'POST', body })
    await expect.poll(() => proxy.registry.metrics()).toMatch(/in_flight\S* 1\n/)
    const since = textOf('since', size)
    const more = await proxy.get('/', { host: 'aside.test', method: 'POST', body: since })
    expect(more.body).toBe(since)
    for (const socket of first.sockets) socket.resetAndDestroy()
    publish('stopping')
    const { status, body: seen } = await answer
    expect([status, seen === body]).toEqual([200, true])
  })
}
