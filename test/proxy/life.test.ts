import { once } from 'node:events'
import { Agent, request } from 'node:http'

import { expect, test } from 'vitest'

import { ask, backend, bed, catalogOf, instance, named, pause } from './bed.ts'

test('a taken port is refused with setting, address and remedy, and nothing stays open', async () => {
  await using other = await named('other')
  const listeners = [
    { entrypoint: 'http', host: '127.0.0.1', port: 0 },
    { entrypoint: 'https', host: '127.0.0.1', port: other.port },
  ]
  await expect(bed({ listeners })).rejects.toMatchObject({
    code: 'listen',
    message: expect.stringMatching(/^--https can't listen on 127\.0\.0\.1:\d+: another program/),
  })
})

test('a bad range to trust is refused by name', async () => {
  await expect(bed({ trust: ['10.0.0.0/40'] })).rejects.toMatchObject({ code: 'bad-config' })
})

test('when stopped it finishes what runs, says that connections end, and is closed then', async () => {
  const asked = Promise.withResolvers<void>()
  await using service = await backend((incoming, response) => {
    if (incoming.url !== '/slow') return void response.end('ok')
    asked.resolve()
    setTimeout(() => response.end('done'), 700)
  })
  const proxy = await bed({ drainMs: 60_000 })
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const slow = proxy.get('/slow')
  await asked.promise
  const stopped = proxy.stop()
  await pause(50)
  // a moment longer new connections are served, and told to end
  const late = await proxy.get()
  expect([late.status, late.headers.connection]).toEqual([200, 'close'])
  expect((await slow).body).toBe('done')
  await stopped
  await expect(ask(proxy.port)).rejects.toThrow('ECONNREFUSED')
})

test('when stopped it cuts what takes longer than the drain time', async () => {
  const asked = Promise.withResolvers<void>()
  await using service = await backend(() => asked.resolve())
  const proxy = await bed({ drainMs: 200 })
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const cut = expect(proxy.get()).rejects.toThrow(/hang up|ECONNRESET/)
  await asked.promise
  await proxy.stop()
  await cut
})

test('an endpoint that drains keeps no idle connection', async () => {
  await using one = await named('one')
  await using two = await named('two')
  await using proxy = await bed()
  const publish = (state: 'ready' | 'draining') =>
    proxy.catalog.set(
      catalogOf([
        instance({ port: one.port, state }),
        instance({ port: two.port, container: 'b'.repeat(64) }),
      ]),
    )
  publish('ready')
  await Promise.all([proxy.get(), proxy.get(), proxy.get(), proxy.get()])
  expect(one.sockets.size).toBeGreaterThan(0)
  publish('draining')
  await expect.poll(() => [one.sockets.size, two.sockets.size > 0]).toEqual([0, true])
  publish('ready')
  await Promise.all([proxy.get(), proxy.get(), proxy.get(), proxy.get()])
  await expect.poll(() => one.sockets.size).toBeGreaterThan(0)
})

test('routes are shown once, with entrypoints, instances and problems', async () => {
  await using proxy = await bed()
  const routes = [{ rule: 'Host(`h`)', entrypoints: ['web', 'websecure'], middlewares: ['lost'] }]
  proxy.catalog.set(catalogOf([instance({ routes })]))
  expect(proxy.proxy.routes()).toMatchObject([
    {
      name: 'web',
      rule: 'Host(`h`)',
      entrypoints: ['http', 'https'],
      service: 'shop/web',
      instances: ['aaaaaaaaaaaa@2026-01-01T00:00:00Z:80'],
      source: 'label',
      problems: [{ what: 'middleware lost is not known' }],
    },
  ])
  expect(proxy.problems().map(({ what }) => what)).toEqual(['middleware lost is not known'])
  expect((await proxy.get('/', { host: 'h' })).status).toBe(503)
})

test('metrics count requests by entrypoint, service and class, and unknown hosts as one', async () => {
  await using service = await named('ok')
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  await proxy.get()
  for (let at = 0; at < 5; at++) await proxy.get('/', { host: `h${at}.test` })
  // an answer is counted when it has gone out, which its client may know before
  await expect.poll(() => proxy.registry.metrics()).toMatch(/code="4xx"\} 5/)
  const metrics = await proxy.registry.metrics()
  expect(metrics).toMatch(
    /portolan_http_requests_total\{entrypoint="http",service="shop\/web",code="2xx"\} 1/,
  )
  expect(metrics).toMatch(
    /portolan_http_requests_total\{entrypoint="http",service="-",code="4xx"\} 5/,
  )
  expect(metrics).toMatch(
    /portolan_http_request_seconds_count\{entrypoint="http",service="shop\/web"\} 1/,
  )
  expect(metrics).toMatch(/portolan_http_in_flight\{entrypoint="http"\} 0/)
})

test('a client’s kept connection serves several hosts, each by its own route', async () => {
  await using a = await named('a')
  await using b = await named('b')
  await using proxy = await bed()
  proxy.catalog.set(
    catalogOf([
      instance({ port: a.port, rule: 'Host(`a`)' }),
      instance({ port: b.port, rule: 'Host(`b`)', container: 'b'.repeat(64), service: 'b' }),
    ]),
  )
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const got: string[] = []
  for (const host of ['a', 'b', 'a', 'c']) {
    const asked = request({ port: proxy.port, host: '127.0.0.1', agent, headers: { host } }).end()
    const [answer] = await once(asked, 'response')
    const body = (await answer.toArray()).join('')
    got.push(answer.statusCode === 200 ? body : String(answer.statusCode))
  }
  agent.destroy()
  expect(got).toEqual(['a', 'b', 'a', '404'])
})

test('when stopped, a kept connection whose last answer came before costs no time', async () => {
  const asking = Promise.withResolvers<void>()
  await using service = await backend((_, response) => {
    asking.resolve()
    setTimeout(() => response.end('ok'), 900)
  })
  const proxy = await bed({ drainMs: 60_000 })
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const agent = new Agent({ keepAlive: true })
  const asked = request({ port: proxy.port, agent, headers: { host: 'shop.test' } }).end()
  await asking.promise
  const startedMs = performance.now()
  const stopped = proxy.stop()
  const [answer] = await once(asked, 'response')
  answer.resume()
  await stopped
  expect(performance.now() - startedMs).toBeLessThan(30_000)
  agent.destroy()
})
