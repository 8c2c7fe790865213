import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'

import { expect, test } from 'vitest'

import type { ProxyOptions } from '../../src/proxy/options.ts'
import { eventually } from '../e2e/portolan.ts'
import { backend, bed, catalogOf, instance, named } from './bed.ts'

/** A proxy whose route has an endpoint at `port` and a mirror, which gets a copy of `share` of the requests. */
async function mirrored(port: number, mirror: number, share = 1, more: object = {}) {
  const proxy = await bed({ holdMs: 200 } satisfies Partial<ProxyOptions>)
  const canonical = instance({ port, ...more })
  const copied = instance({
    container: 'b'.repeat(64),
    name: 'shop-web-2',
    port: mirror,
    policy: { ...canonical.policy, mirror: share },
    ...more,
  })
  proxy.catalog.set(catalogOf([canonical, copied]))
  return {
    ...proxy,
    /** How many copies ended how. */
    async copies(): Promise<Record<string, number>> {
      const metric = await proxy.registry.getSingleMetric('portolan_http_mirrored_total')?.get()
      const values = metric?.values ?? []
      return Object.fromEntries(
        values
          .filter(({ value }) => value > 0)
          .map(({ labels, value }) => [labels['outcome'], value]),
      )
    },
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  }
}

/** A backend that keeps what it is asked, and answers with its name. */
async function noting(name: string) {
  const asked: string[] = []
  const server = await backend((incoming, answer) => {
    const { method, url, headers } = incoming
    const note = (body: string) => asked.push(`${method} ${url} ${headers.host} ${body}`)
    void text(incoming)
      .then(note)
      .then(() => answer.end(name))
  })
  return { ...server, asked }
}

test('a mirror gets copies, heads and content, and its answers go nowhere', async () => {
  await using main = await named('main')
  await using copy = await noting('mirror')
  await using proxy = await mirrored(main.port, copy.port)
  expect((await proxy.get('/a?b=c')).body).toBe('main')
  expect((await proxy.get('/post', { method: 'POST', body: 'content' })).body).toBe('main')
  const chunked = { method: 'POST', body: 'chunks', headers: { 'transfer-encoding': 'chunked' } }
  expect((await proxy.get('/chunks', chunked)).body).toBe('main')
  expect((await proxy.get('/head', { method: 'HEAD' })).status).toBe(200)
  await eventually(async () => (await proxy.copies())['ok'] === 4)
  expect(copy.asked.toSorted()).toEqual([
    'GET /a?b=c shop.test ',
    'HEAD /head shop.test ',
    'POST /chunks shop.test chunks',
    'POST /post shop.test content',
  ])
  // one after the other, on connections that are kept
  expect(copy.connections()).toBeLessThan(4)
  expect(proxy.problems()).toEqual([])
})

test('a share is kept to, evenly', async () => {
  await using main = await named('main')
  await using copy = await noting('mirror')
  await using proxy = await mirrored(main.port, copy.port, 0.1)
  for (let at = 0; at < 40; at++) expect((await proxy.get()).body).toBe('main')
  await eventually(async () => (await proxy.copies())['ok'] === 4)
  expect(copy.asked).toHaveLength(4)
})

test('what is too large is not copied, whether that is said before or not', async () => {
  await using main = await backend((incoming, answer) => {
    void text(incoming).then((body) => answer.end(String(body.length)))
  })
  await using copy = await noting('mirror')
  await using proxy = await mirrored(main.port, copy.port)
  const body = 'x'.repeat(100_000)
  expect((await proxy.get('/', { method: 'POST', body })).body).toBe('100000')
  const headers = { 'transfer-encoding': 'chunked' }
  expect((await proxy.get('/', { method: 'POST', body, headers })).body).toBe('100000')
  await eventually(async () => (await proxy.copies())['too large'] === 2)
  expect(copy.asked).toEqual([])
})

test('a mirror that is away costs nobody anything', async () => {
  await using main = await named('main')
  const gone = await named('gone')
  await gone.close()
  await using proxy = await mirrored(main.port, gone.port)
  for (let at = 0; at < 20; at++) expect((await proxy.get()).body).toBe('main')
  await eventually(async () => ((await proxy.copies())['failed'] ?? 0) > 0)
})

test('of one that never answers copies are lost, and only so many wait for it', async () => {
  await using main = await named('main')
  const silent = createServer((socket) => socket.on('error', () => {}))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  await using proxy = await mirrored(main.port, port)
  for (let at = 0; at < 100; at++) expect((await proxy.get()).body).toBe('main')
  expect((await proxy.copies())['dropped']).toBeGreaterThan(0)
  await eventually(async () => {
    const { late = 0, dropped = 0 } = await proxy.copies()
    return late > 0 && late + dropped === 100
  }, 60_000)
  expect((await proxy.get()).body).toBe('main')
  silent.close()
})

test('a mirror gets no request of its own, and a route of nothing else has nobody', async () => {
  await using copy = await noting('mirror')
  await using proxy = await bed({ holdMs: 100 })
  const policy = { ...instance().policy, mirror: 1 }
  proxy.catalog.set(catalogOf([instance({ port: copy.port, policy })]))
  expect((await proxy.get()).status).toBe(503)
  expect(copy.asked).toEqual([])
})

test('a request that middlewares change is copied as they changed it', async () => {
  await using main = await named('main')
  await using copy = await noting('mirror')
  const policy = {
    ...instance().policy,
    middlewares: { prefix: { addPrefix: '/v2' } },
  }
  await using proxy = await bed({ holdMs: 200 })
  const routes = [{ rule: 'Host(`shop.test`)', middlewares: ['prefix'] }]
  proxy.catalog.set(
    catalogOf([
      instance({ port: main.port, policy, routes }),
      instance({
        container: 'b'.repeat(64),
        port: copy.port,
        policy: { ...policy, mirror: 1 },
        routes,
      }),
    ]),
  )
  expect((await proxy.get('/x', { method: 'POST', body: 'yes' })).body).toBe('main')
  await eventually(async () => copy.asked.length === 1)
  expect(copy.asked).toEqual(['POST /v2/x shop.test yes'])
})
