import { expect, test } from 'vitest'

import { bed, catalogOf, instance } from './bed.ts'
import { buffered, overflows } from './buffered.ts'
import { get, host, ok, wireClient, wireEndpoint } from './hostile/wire.ts'

const limitMs = 120_000
const bufferBytes = 512 * 1024
/** Much of a head, in lines of which each is short enough. */
const much = `X-Long: ${'l'.repeat(8000)}\r\n`.repeat(6)

test(
  'of clients that send half a head the first are let go, and the others are served',
  async () => {
    await using service = await wireEndpoint(({ socket }) => void socket.write(ok('thanks')))
    await using proxy = await bed({ bufferBytes })
    proxy.catalog.set(catalogOf([instance({ port: service.port })]))
    const slow = Array.from({ length: 30 }, () => wireClient(proxy.port))
    let closed = 0
    for (const client of slow) {
      client.socket.on('close', () => closed++)
      client.send(`GET / HTTP/1.1\r\n${host}${much}`)
    }
    // there is room for ten
    await expect.poll(() => closed, { timeout: 60_000 }).toBe(20)
    await expect.poll(() => overflows(proxy), { timeout: 60_000 }).toBe(20)
    expect(await buffered(proxy)).toBeLessThanOrEqual(bufferBytes)
    for (const client of slow) if (!client.socket.destroyed) client.send('\r\n')
    const served = () => slow.filter(({ received }) => received().includes('thanks')).length
    await expect.poll(served, { timeout: 60_000 }).toBe(10)
    await expect.poll(() => buffered(proxy), { timeout: 60_000 }).toBe(0)
  },
  limitMs,
)

test(
  'half a head of an answer counts until it is whole, and half a head of a request until its client is gone',
  async () => {
    await using service = await wireEndpoint(({ socket, text }) => {
      if (text.includes('more')) socket.write(`Content-Length: 2\r\n\r\nok`)
      else socket.write(`HTTP/1.1 200 OK\r\n${much}`)
    })
    await using proxy = await bed({ bufferBytes })
    proxy.catalog.set(catalogOf([instance({ port: service.port })]))
    using client = wireClient(proxy.port)
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 4\r\n\r\n`)
    await expect.poll(() => buffered(proxy), { timeout: 60_000 }).toBeGreaterThan(40_000)
    client.send('more')
    await client.until(/ok$/)
    await expect.poll(() => buffered(proxy), { timeout: 60_000 }).toBe(0)
    client.send(`GET / HTTP/1.1\r\n${host}${much}`)
    await expect.poll(() => buffered(proxy), { timeout: 60_000 }).toBeGreaterThan(40_000)
    client.socket.resetAndDestroy()
    await expect.poll(() => buffered(proxy), { timeout: 60_000 }).toBe(0)
  },
  limitMs,
)

test(
  'requests that come before the answer to the one before them count',
  async () => {
    let isFirst = true
    await using service = await wireEndpoint(({ socket }) => {
      if (!isFirst) socket.write(ok('thanks'))
      isFirst = false
    })
    await using proxy = await bed({ bufferBytes })
    proxy.catalog.set(catalogOf([instance({ port: service.port })]))
    using client = wireClient(proxy.port)
    client.send(get('/first') + get('/second', much))
    await expect.poll(() => buffered(proxy), { timeout: 60_000 }).toBeGreaterThan(40_000)
    service.last()?.socket.write(ok('first'))
    await client.until(/thanks$/)
    await expect.poll(() => buffered(proxy), { timeout: 60_000 }).toBe(0)
  },
  limitMs,
)
