import { text } from 'node:stream/consumers'

import { expect, test } from 'vitest'

import { identityOf } from '../../../src/core/instance.ts'
import { policySchema } from '../../../src/core/policy.ts'
import { backend, catalogOf, instance } from '../bed.ts'
import { route, served } from './served.ts'

test('a status that is not wanted is tried again, with the whole body', async () => {
  const bodies: string[] = []
  const { proxy } = await served(
    [{ retry: { attempts: 3, status: ['503'], nonIdempotent: true, maxBodyBytes: 1_000_000 } }],
    (incoming, response) => {
      void text(incoming)
        .then((body) => bodies.push(body))
        .then((count) => response.writeHead(count < 3 ? 503 : 200).end(`try ${count}`))
    },
  )
  const body = 'z'.repeat(500_000)
  const answer = await proxy.get('/', { method: 'POST', body })
  expect(answer).toMatchObject({ status: 200, body: 'try 3' })
  expect(bodies.every((one) => one === body)).toBe(true)
})

test('one whose answers are always asked for again is left alone like any that fails', async () => {
  await using other = await backend()
  let asked = 0
  const { proxy, endpoint } = await served([], (_, response) => {
    asked++
    response.writeHead(503).end()
  })
  route(proxy, [{ retry: { attempts: 3, status: ['503'] } }], endpoint.port, [other.port])
  for (let one = 0; one < 14; one++) expect((await proxy.get()).status).toBe(200)
  expect(asked).toBe(5)
})

test('a POST is not tried again unless it is said', async () => {
  let asked = 0
  const { proxy } = await served([{ retry: { attempts: 3, status: ['503'] } }], (_, response) => {
    asked++
    response.writeHead(503).end()
  })
  expect((await proxy.get('/', { method: 'POST', body: 'x' })).status).toBe(503)
  expect(asked).toBe(1)
  expect((await proxy.get()).status).toBe(503)
  expect(asked).toBe(4)
})

test('a lost request is tried again elsewhere', async () => {
  await using other = await backend((_, response) => response.end('other'))
  const { proxy, endpoint } = await served([], (incoming) => incoming.socket.destroy())
  route(proxy, [{ retry: { attempts: 4, nonIdempotent: true } }], endpoint.port, [other.port])
  for (let one = 0; one < 5; one++) {
    expect((await proxy.get('/', { method: 'POST', body: 'x' })).body).toBe('other')
  }
})

test('who takes too long is late by the time of the route', async () => {
  const { proxy } = await served([{ timeout: { firstByteMs: 100 } }], () => {})
  expect((await proxy.get()).status).toBe(504)
})

test('a broken service is left alone for a while', async () => {
  let asked = 0
  const breaker = { expression: 'NetworkErrorRatio() > 0.5', fallbackMs: 60_000 }
  const { proxy } = await served([{ circuitBreaker: breaker }], (incoming) => {
    asked++
    incoming.socket.destroy()
  })
  expect((await proxy.get('/', { method: 'POST' })).status).toBe(502)
  const before = asked
  const refused = await proxy.get('/', { method: 'POST' })
  expect([refused.status, asked]).toEqual([503, before])
  expect(refused.headers).toHaveProperty('retry-after')
})

test('an error gets the page that a service without any route has for it', async () => {
  await using pages = await backend((incoming, response) => {
    const known = incoming.url === '/502.html?from=x' || incoming.url === '/404.html?from=x'
    response.writeHead(known ? 200 : 404, { 'Content-Type': 'text/html' })
    response.end(`${incoming.headers.host} ${incoming.url}`)
  })
  const errors = { status: ['404', '500-599'], service: 'sorry', path: '/{status}.html?from=x' }
  const list = [{ headers: { response: { 'X-A': 'b' } } }, { errorPages: errors }]
  const { proxy, endpoint } = await served(list, (incoming, response) => {
    response.writeHead(Number(incoming.url?.slice(1)), { ETag: '"1"' }).end('plain')
  })
  const middlewares = Object.fromEntries(list.map((one, at) => [`m${at}`, one]))
  const routes = [{ rule: 'Host(`shop.test`)', middlewares: Object.keys(middlewares) }]
  const web = instance({ port: endpoint.port, routes, policy: policySchema.parse({ middlewares }) })
  const sorry = { service: 'sorry', container: 'b'.repeat(64), name: 'shop-sorry-1', routes: [] }
  proxy.catalog.set(catalogOf([web, instance({ ...sorry, port: pages.port })]))
  const found = await proxy.get('/404')
  expect([found.status, found.body]).toEqual([404, 'shop.test /404.html?from=x'])
  expect(found.headers).toMatchObject({ 'x-a': 'b', 'content-type': 'text/html' })
  expect(found.headers).not.toHaveProperty('etag')
  expect(await proxy.get('/503')).toMatchObject({ status: 503, body: 'plain' })
  expect(await proxy.get('/200')).toMatchObject({ status: 200, body: 'plain' })
  await endpoint.close()
  expect(await proxy.get('/200')).toMatchObject({
    status: 502,
    body: 'shop.test /502.html?from=x',
    headers: { 'x-a': 'b' },
  })
})

test('a service of error pages that refuses is known to, and the answers come as they are', async () => {
  const { proxy, endpoint } = await served([], (_, response) =>
    response.writeHead(500).end('plain'),
  )
  const middlewares = { m: { errorPages: { status: ['500'], service: 'sorry', path: '/' } } }
  const routes = [{ rule: 'Host(`shop.test`)', middlewares: ['m'] }]
  const web = instance({ port: endpoint.port, routes, policy: policySchema.parse({ middlewares }) })
  const sorry = instance({ service: 'sorry', container: 'b'.repeat(64), routes: [], port: 1 })
  proxy.catalog.set(catalogOf([web, sorry]))
  expect(await proxy.get()).toMatchObject({ status: 500, body: 'plain' })
  await expect.poll(() => proxy.proxy.upstream(identityOf(sorry))?.health).toBe('refusing')
})

test('error pages of a service that is not there are a problem, and the answers come as they are', async () => {
  const errors = { status: ['500'], service: 'nobody', path: '/' }
  const { proxy } = await served([{ errorPages: errors }], (_, response) =>
    response.writeHead(500).end('plain'),
  )
  expect(await proxy.get()).toMatchObject({ status: 500, body: 'plain' })
  expect(proxy.problems().map(({ what }) => what)).toEqual([expect.stringContaining('nobody')])
})
