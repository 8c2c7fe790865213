import { once } from 'node:events'
import { connect } from 'node:net'

import { expect, test } from 'vitest'

import { policySchema } from '../../src/core/policy.ts'
import { backend, bed, catalogOf, instance, named, pause, raw } from './bed.ts'

const second = { container: 'b'.repeat(64), name: 'shop-web-2', createdAt: '2026-01-02T00:00:00Z' }

/** A port of loopback on which nobody listens. */
async function deadPort(): Promise<number> {
  await using service = await backend()
  return service.port
}

test('an endpoint that refuses is passed over, whatever the method and body', async () => {
  const dead = await deadPort()
  await using alive = await backend((request, response) => void request.pipe(response))
  await using proxy = await bed()
  proxy.catalog.set(
    catalogOf([instance({ port: dead }), instance({ port: alive.port, ...second })]),
  )
  for (let turn = 0; turn < 6; turn++) {
    const answer = await proxy.get('/', { method: 'POST', body: `body ${turn}` })
    expect([answer.status, answer.body]).toEqual([200, `body ${turn}`])
  }
  await expect.poll(() => proxy.registry.metrics()).toMatch(/portolan_http_retries_total [1-9]/)
})

test('a reset before the first byte is repeated for GET, and is a 502 for POST', async () => {
  let posts = 0
  await using rude = await backend((request) => {
    if (request.method === 'POST') posts++
    request.socket.destroy()
  })
  await using polite = await named('polite')
  await using proxy = await bed()
  proxy.catalog.set(
    catalogOf([instance({ port: rude.port }), instance({ port: polite.port, ...second })]),
  )
  const gets = await Promise.all(Array.from({ length: 10 }, () => proxy.get()))
  expect(gets.map(({ body }) => body)).toEqual(Array(10).fill('polite'))
  proxy.catalog.set(catalogOf([instance({ port: rude.port })]))
  expect((await proxy.get('/', { method: 'POST', body: 'x' })).status).toBe(502)
  expect(posts).toBe(1)
})

test('a kept connection that the endpoint closes meanwhile costs nobody an error', async () => {
  await using service = await named('ok')
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  for (let turn = 0; turn < 20; turn++) {
    expect((await proxy.get()).status).toBe(200)
    for (const socket of service.sockets) socket.destroy()
  }
})

test('an endpoint that says nothing in time is a 504', async () => {
  await using mute = await backend(() => {})
  await using proxy = await bed({ firstByteMs: 200 })
  proxy.catalog.set(catalogOf([instance({ port: mute.port })]))
  expect((await proxy.get('/', { method: 'POST', body: 'x' })).status).toBe(504)
})

test('an endpoint has all of its time to answer, whenever a request comes', async () => {
  await using mute = await backend(() => {})
  await using proxy = await bed({ firstByteMs: 300 })
  proxy.catalog.set(catalogOf([instance({ port: mute.port })]))
  const times = Array.from({ length: 8 }, async (_, at) => {
    await pause(at * 40)
    const beganMs = performance.now()
    expect((await proxy.get()).status).toBe(504)
    return performance.now() - beganMs
  })
  expect(Math.min(...(await Promise.all(times)))).toBeGreaterThan(299)
})

test('what takes too long is asked for once, of one endpoint', async () => {
  let asked = 0
  await using mute = await backend(() => void asked++)
  await using proxy = await bed({ firstByteMs: 150 })
  proxy.catalog.set(
    catalogOf([instance({ port: mute.port }), instance({ port: mute.port, ...second })]),
  )
  expect((await proxy.get()).status).toBe(504)
  expect(asked).toBe(1)
})

test('an answer that nobody asked for, 101 to a plain request, is a 502', async () => {
  await using rude = await backend((request) => {
    request.socket.end(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    )
  })
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: rude.port })]))
  const signal = AbortSignal.timeout(60_000)
  expect((await proxy.get('/', { method: 'POST', body: 'x', signal })).status).toBe(502)
})

for (const [form, links] of [
  ['of several', ['</a.css>; rel=preload', '</b.css>; rel=preload']],
  ['that are none', ['nonsense']],
] as const) {
  test(`early hints ${form} harm no answer`, async () => {
    const lines = links.map((link) => `Link: ${link}\r\n`).join('')
    await using service = await backend((request) => {
      request.socket.write(`HTTP/1.1 103 Early Hints\r\n${lines}\r\n`)
      request.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
    await using proxy = await bed()
    proxy.catalog.set(catalogOf([instance({ port: service.port })]))
    const seen = await raw(proxy.port, 'GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n')
    expect(seen.match(/^Link: .*$/gm)).toEqual(links.map((link) => `Link: ${link}`))
    expect(seen).toMatch(/HTTP\/1\.1 200 OK[^]*ok$/)
  })
}

test('an answer that breaks off never ends cleanly', async () => {
  await using service = await backend((_, response) => {
    response.write('half')
    setTimeout(() => response.destroy(), 50)
  })
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  await expect(proxy.get()).rejects.toThrow(/aborted|hang up|ECONNRESET/)
})

test('an answer that ends with its connection, for an old client, is reset when it breaks off', async () => {
  await using service = await backend((_, response) => {
    response.write('half')
    setTimeout(() => response.destroy(), 50)
  })
  await using proxy = await bed()
  const policy = { middlewares: { small: { compress: {} } } }
  const at = { port: service.port, policy: policySchema.parse(policy) }
  for (const middlewares of [[], ['small']]) {
    const routes = [{ rule: 'Host(`shop.test`)', middlewares }]
    proxy.catalog.set(catalogOf([instance({ ...at, routes })]))
    const client = connect(proxy.port, '127.0.0.1').resume()
    client.write('GET / HTTP/1.0\r\nHost: shop.test\r\nAccept-Encoding: gzip\r\n\r\n')
    await expect(once(client, 'end')).rejects.toThrow('ECONNRESET')
  }
})

test('a client that goes away ends the request upstream', async () => {
  const closed = Promise.withResolvers<void>()
  const stop = new AbortController()
  await using service = await backend((request) => {
    request.socket.once('close', () => closed.resolve())
    stop.abort()
  })
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  await expect(proxy.get('/', { signal: stop.signal })).rejects.toThrow('aborted')
  await closed.promise
  await expect.poll(() => proxy.registry.metrics()).toMatch(/requests_total\{.*code="499"\} 1/)
})

test('unhealthy and starting endpoints get nothing; draining ones only if nobody is ready', async () => {
  await using one = await named('one')
  await using two = await named('two')
  await using proxy = await bed({ holdMs: 50 })
  const publish = (a: 'ready' | 'draining' | 'starting' | 'unhealthy', b: typeof a) =>
    proxy.catalog.set(
      catalogOf([
        instance({ port: one.port, state: a }),
        instance({ port: two.port, ...second, state: b }),
      ]),
    )
  const bodies = async () => {
    const got = new Set<string>()
    for (let turn = 0; turn < 6; turn++) {
      const { status, body } = await proxy.get()
      got.add(status === 200 ? body : String(status))
    }
    return [...got].toSorted()
  }
  publish('ready', 'draining')
  expect(await bodies()).toEqual(['one'])
  publish('unhealthy', 'draining')
  expect(await bodies()).toEqual(['two'])
  publish('unhealthy', 'unhealthy')
  expect(await bodies()).toEqual(['503'])
  publish('starting', 'ready')
  expect(await bodies()).toEqual(['two'])
})
