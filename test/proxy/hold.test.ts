import { expect, test } from 'vitest'

import { holdQueue } from '../../src/proxy/exchange/hold.ts'
import { backend, bed, catalogOf, instance, named, pause } from './bed.ts'
import { wireClient } from './hostile/wire.ts'

/** Longer than a busy machine needs for anything here. */
const holdMs = 60_000

test('a request waits for the successor of the last endpoint', async () => {
  await using next = await named('next')
  await using proxy = await bed({ holdMs })
  proxy.catalog.set(catalogOf([instance()]))
  expect(proxy.proxy.routes()).toHaveLength(1)
  proxy.catalog.set(catalogOf([]))
  const waiting = [proxy.get(), proxy.get('/', { method: 'POST', body: 'x' })]
  await expect.poll(() => proxy.registry.metrics()).toMatch(/portolan_http_held 2/)
  proxy.catalog.set(catalogOf([instance({ port: next.port, container: 'b'.repeat(64) })]))
  expect((await Promise.all(waiting)).map(({ body }) => body)).toEqual(['next', 'next'])
})

test('a request waits for an instance that is starting, but not for ever', async () => {
  await using service = await named('up')
  const starting = catalogOf([instance({ port: service.port, state: 'starting' })])
  {
    await using proxy = await bed({ holdMs: 300 })
    proxy.catalog.set(starting)
    const began = performance.now()
    const late = await proxy.get()
    expect([late.status, late.headers['retry-after']]).toEqual([503, '5'])
    expect(performance.now() - began).toBeGreaterThan(280)
  }
  await using proxy = await bed({ holdMs })
  proxy.catalog.set(starting)
  const waiting = proxy.get()
  await expect.poll(() => proxy.registry.metrics()).toMatch(/portolan_http_held 1/)
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  expect((await waiting).body).toBe('up')
})

test('who is still held when the proxy has drained is asked to come again', async () => {
  const proxy = await bed({ holdMs, drainMs: 200 })
  proxy.catalog.set(catalogOf([instance({ state: 'starting' })]))
  const waiting = proxy.get()
  await expect.poll(() => proxy.registry.metrics()).toMatch(/portolan_http_held 1/)
  await proxy.stop()
  const { status, headers } = await waiting
  expect([status, headers['retry-after'], headers.connection]).toEqual([503, '5', 'close'])
})

test('a route whose endpoints were never ready, and none starts, is refused at once', async () => {
  await using proxy = await bed({ holdMs })
  proxy.catalog.set(catalogOf([instance({ state: 'unhealthy' })]))
  const began = performance.now()
  expect((await proxy.get()).status).toBe(503)
  expect(performance.now() - began).toBeLessThan(holdMs / 2)
})

test('a container that is up before its port is open costs no error', async () => {
  const early = await backend()
  await early.close()
  await using proxy = await bed({ holdMs })
  proxy.catalog.set(catalogOf([instance({ port: early.port })]))
  const waiting = Array.from({ length: 20 }, () => proxy.get())
  await pause(400)
  await using service = await named('late', { port: early.port })
  expect((await Promise.all(waiting)).map(({ body }) => body)).toEqual(Array(20).fill('late'))
  expect(service.connections()).toBeGreaterThan(0)
})

for (const content of ['', 'all of it', '6\r\nchunks\r\n0\r\n\r\n']) {
  test(`a client that gives up leaves the queue, also after content: ${JSON.stringify(content)}`, async () => {
    await using proxy = await bed({ holdMs })
    proxy.catalog.set(catalogOf([instance({ state: 'starting' })]))
    const held = (count: number) =>
      expect
        .poll(() => proxy.registry.metrics(), { timeout: 30_000 })
        .toMatch(new RegExp(`portolan_http_held ${count}\\n`))
    const length = content.startsWith('6')
      ? 'transfer-encoding: chunked'
      : `content-length: ${content.length}`
    using client = wireClient(proxy.port)
    client.send(`POST / HTTP/1.1\r\nhost: shop.test\r\n${length}\r\n\r\n${content}`)
    await held(1)
    client.socket.destroy()
    await held(0)
  })
}

test('the queue is bounded, for each route and in all', () => {
  const queue = holdQueue({ perRoute: 2, total: 3 })
  const woken: string[] = []
  const wait = (key: string) => queue.wait(key, 60_000, () => woken.push(key))
  const leaves = ['a', 'a', 'b'].map(wait)
  expect([wait('a'), wait('c')]).toEqual([undefined, undefined])
  leaves[0]?.()
  leaves[0]?.()
  expect(queue.size).toBe(2)
  wait('c')
  queue.wake()
  expect(woken).toEqual(['a', 'b', 'c'])
  expect(queue.size).toBe(0)
  wait('a')
  queue.close()
  expect([woken.length, queue.size, wait('b')]).toEqual([4, 0, undefined])
})

test('who waits again while all are woken waits for the next change', () => {
  const queue = holdQueue()
  let turns = 0
  let leave: (() => void) | undefined
  const again = () => {
    turns++
    leave = queue.wait('a', 60_000, again)
  }
  again()
  queue.wake()
  queue.wake()
  expect([turns, queue.size]).toEqual([3, 1])
  leave?.()
  expect(queue.size).toBe(0)
})

test('a wildcard of another service does not get the requests of one that is away for a moment', async () => {
  await using other = await named('other')
  await using shop = await named('shop')
  await using proxy = await bed({ holdMs })
  const wildcard = instance({
    service: 'other',
    container: 'c'.repeat(64),
    rule: 'Host(`**.test`)',
    port: other.port,
  })
  proxy.catalog.set(catalogOf([wildcard, instance({ port: shop.port })]))
  expect((await proxy.get()).body).toBe('shop')
  proxy.catalog.set(catalogOf([wildcard]))
  const waiting = proxy.get()
  await expect.poll(() => proxy.registry.metrics()).toMatch(/portolan_http_held 1/)
  expect((await proxy.get('/', { host: 'new.test' })).body).toBe('other')
  proxy.catalog.set(catalogOf([wildcard, instance({ port: shop.port, container: 'd'.repeat(64) })]))
  expect((await waiting).body).toBe('shop')
})
