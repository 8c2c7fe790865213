import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http'
import { buffer, text } from 'node:stream/consumers'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'

import { expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

import { policySchema } from '../../../src/core/policy.ts'
import { backend, bed, catalogOf, echo, instance, raw } from '../bed.ts'

type Bed = Awaited<ReturnType<typeof bed>>

/** A proxy before one endpoint, on whose route these act. */
async function served(
  middlewares: readonly object[],
  listener: RequestListener | undefined,
  more: Parameters<typeof bed>[0] = {},
) {
  const endpoint = listener ? await backend(listener) : await echo()
  const proxy = await bed(more)
  onTestFinished(async () => {
    await proxy.stop()
    await endpoint.close()
  })
  route(proxy, middlewares, endpoint.port)
  return { proxy, endpoint }
}

function route(proxy: Bed, list: readonly object[], port: number, others: readonly number[] = []) {
  const names = list.map((_, at) => `m${at}`)
  const middlewares = Object.fromEntries(list.map((one, at) => [`m${at}`, one]))
  const instances = [port, ...others].map((one, at) =>
    instance({
      port: one,
      container: String(at).repeat(64),
      routes: [{ rule: 'Host(`shop.test`)', middlewares: names }],
      policy: policySchema.parse({ middlewares }),
    }),
  )
  proxy.catalog.set(catalogOf(instances))
}

/** What an echo saw. */
function seenIn({ body }: { readonly body: string }) {
  return JSON.parse(body)
}

test('a path is changed for the endpoint, and what it says is a header of one value', async () => {
  const list = [{ stripPrefix: ['/api'] }, { addPrefix: '/v1' }]
  const { proxy } = await served(list, undefined)
  const answer = await proxy.get('/api/%61/../b?c=/api', {
    headers: { 'X-Forwarded-Prefix': '/lie' },
  })
  const { url, headers } = seenIn(answer)
  expect([url, headers['x-forwarded-prefix']]).toEqual(['/v1/b?c=/api', '/api'])
})

test('what is set for the endpoint is what it gets, forwarding headers too, and the rest stays', async () => {
  const request = { 'X-Forwarded-Proto': 'https', 'X-A': 'b', Cookie: '' }
  const { proxy } = await served([{ headers: { request } }], undefined)
  const answer = await proxy.get('/', {
    method: 'POST',
    body: 'hello',
    headers: { 'X-Forwarded-For': '1.2.3.4', Cookie: 'c', 'X-B': 'c', Connection: 'X-B' },
  })
  const { headers, body } = seenIn(answer)
  expect(body).toBe('hello')
  expect(headers).toMatchObject({
    host: 'shop.test',
    'x-a': 'b',
    'x-forwarded-proto': 'https',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-host': 'shop.test',
    'content-length': '5',
    'x-request-id': expect.stringMatching(/\w/),
  })
  expect(headers).not.toHaveProperty('cookie')
  expect(headers).not.toHaveProperty('x-b')
})

test('a trusted proxy in front is believed by middlewares', async () => {
  const list = [
    { redirectScheme: { scheme: 'https' } },
    { allowIp: { ranges: ['192.0.2.7'], source: { ipDepth: 1 } } },
  ]
  const { proxy } = await served(list, undefined, { trust: ['127.0.0.1'] })
  const headers = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '192.0.2.7' }
  const answer = await proxy.get('/', { headers })
  expect(answer.status).toBe(200)
  expect(seenIn(answer).headers).toMatchObject({
    'x-forwarded-proto': 'https',
    'x-forwarded-for': '192.0.2.7, 127.0.0.1',
  })
  expect((await proxy.get()).status).toBe(302)
})

test('answers are changed: those of the endpoint, of middlewares and of the proxy itself', async () => {
  const list = [
    { headers: { response: { 'X-Frame-Options': 'DENY', Server: '' } } },
    { allowHosts: ['shop.test'] },
    { stripPrefix: ['/a'] },
  ]
  const { proxy, endpoint } = await served(list, (_, response) =>
    response.setHeader('Server', 'x').setHeader('Set-Cookie', ['a=1', 'b=2']).end('ok'),
  )
  const fine = await proxy.get()
  expect(fine).toMatchObject({ status: 200, body: 'ok' })
  expect(fine.headers).toMatchObject({ 'x-frame-options': 'DENY', 'set-cookie': ['a=1', 'b=2'] })
  expect(fine.headers).not.toHaveProperty('server')
  await endpoint.close()
  const failed = await proxy.get()
  expect(failed.status).toBe(502)
  expect(failed.headers).toMatchObject({ 'x-frame-options': 'DENY' })
  expect(JSON.parse(failed.body)).toMatchObject({ status: 502 })
})

test('who is refused reaches nobody, and a kept connection goes on', async () => {
  let reached = 0
  const users = ['ann:{SHA}2PRZAyDhNDqRW2OUFwZQqPNdaSY=']
  const { proxy } = await served([{ basicAuth: { users } }], (_, response) => {
    reached++
    response.end('in')
  })
  const right = Buffer.from('ann:sha').toString('base64')
  const head = (auth: string) => `GET / HTTP/1.1\r\nHost: shop.test\r\n${auth}\r\n`
  const sent = head('') + head(`Authorization: Basic ${right}\r\n`) + head('')
  const received = await raw(proxy.port, sent)
  expect(received.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 401', 'HTTP/1.1 200', 'HTTP/1.1 401'])
  expect(reached).toBe(1)
})

test('a request with content is refused, and its content is no request', async () => {
  const { proxy } = await served([{ allowIp: { ranges: ['10.0.0.0/8'] } }], undefined)
  const inner = 'GET /inner HTTP/1.1\r\nHost: shop.test\r\n\r\n'
  const head = `POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: ${inner.length}\r\n\r\n`
  const received = await raw(proxy.port, head + inner)
  expect(received.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 403'])
})

const page = 'All work and no play makes Jack a dull boy.\n'.repeat(5000)

for (const [how, answer] of [
  ['with a length', (response) => response.setHeader('Content-Length', page.length).end(page)],
  ['in chunks', (response) => response.write(page.slice(0, 9)) && response.end(page.slice(9))],
] as readonly (readonly [string, (response: Parameters<RequestListener>[1]) => unknown])[]) {
  test(`an answer ${how} is compressed, again and again on one connection`, async () => {
    const { proxy } = await served([{ compress: {} }], (_, response) => {
      answer(response.setHeader('Content-Type', 'text/plain'))
    })
    for (const [encoding, decode] of [
      ['zstd', zstdDecompressSync],
      ['gzip', gunzipSync],
    ] as const) {
      const { headers, body } = await bytes(proxy.port, { 'Accept-Encoding': encoding })
      expect(headers).toMatchObject({ 'content-encoding': encoding, vary: 'Accept-Encoding' })
      expect(headers).not.toHaveProperty('content-length')
      expect(decode(body).toString()).toBe(page)
      expect(body.length).toBeLessThan(page.length / 10)
    }
    const plain = await proxy.get()
    expect([plain.body, plain.headers['content-encoding']]).toEqual([page, undefined])
  })
}

/** One request for bytes, whatever they stand for. */
async function bytes(port: number, headers: Record<string, string>) {
  const asked = httpRequest({ port, host: '127.0.0.1', headers: { Host: 'shop.test', ...headers } })
  asked.end()
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  asked.on('response', resolve)
  asked.on('error', reject)
  const answer = await promise
  return { headers: answer.headers, body: await buffer(answer) }
}

test('a client of HTTP/1.0 gets what is compressed until the connection ends', async () => {
  const { proxy } = await served([{ compress: {} }], (_, response) => {
    response.setHeader('Content-Type', 'text/plain').end(page)
  })
  const received = await raw(
    proxy.port,
    'GET / HTTP/1.0\r\nHost: shop.test\r\nAccept-Encoding: gzip\r\nConnection: keep-alive\r\n\r\n',
  )
  const end = received.indexOf('\r\n\r\n')
  expect(received.slice(0, end).toLowerCase()).toContain('connection: close')
  expect(received.slice(0, end).toLowerCase()).not.toContain('transfer-encoding')
  expect(gunzipSync(Buffer.from(received.slice(end + 4), 'latin1')).toString()).toBe(page)
})

test('what an endpoint breaks off is broken off for the client, compressed or not', async () => {
  const { proxy } = await served([{ compress: {} }], (_, response) => {
    response.setHeader('Content-Type', 'text/plain').write(page)
    setTimeout(() => response.destroy(), 50)
  })
  await expect(bytes(proxy.port, { 'Accept-Encoding': 'gzip' })).rejects.toThrow(/aborted|reset/i)
})

test('a body that is too large is refused before or on its way; others go through', async () => {
  const { proxy } = await served([{ maxBody: { requestBytes: 100_000 } }], (incoming, response) => {
    let length = 0
    incoming.on('data', (piece: Buffer) => (length += piece.length))
    incoming.on('end', () => response.end(String(length)))
  })
  const ask = (size: number) => proxy.get('/', { method: 'POST', body: 'x'.repeat(size) })
  expect((await ask(100_000)).body).toBe('100000')
  expect((await ask(100_001)).status).toBe(413)
  const head = 'POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n'
  const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`
  const received = await raw(proxy.port, head + chunk.repeat(7))
  expect(received).toMatch(/^HTTP\/1.1 413 /)
})

test('an answer that is too large becomes another one, or is cut', async () => {
  const { proxy } = await served([{ maxBody: { responseBytes: 1000 } }], (incoming, response) => {
    if (incoming.url === '/said') response.setHeader('Content-Length', 1001)
    response.write('x')
    response.end('x'.repeat(1000))
  })
  expect((await proxy.get('/said')).status).toBe(500)
  await expect(proxy.get('/')).rejects.toThrow(/aborted|reset|hang up/i)
})

test('an authority decides with the body in hand, and the endpoint gets the same', async () => {
  const seen: string[] = []
  await using judge = await backend((incoming, response) => {
    void text(incoming)
      .then((body) => seen.push(body))
      .then(() => response.setHeader('X-User', 'ann').end())
  })
  const auth = {
    address: `http://127.0.0.1:${judge.port}/`,
    forwardBody: true,
    responseHeaders: ['X-User'],
  }
  const { proxy } = await served([{ forwardAuth: auth }], undefined)
  const large = 'y'.repeat(300_000)
  const { body, headers } = seenIn(await proxy.get('/', { method: 'POST', body: large }))
  expect([body === large, headers['x-user'], seen[0] === large]).toEqual([true, 'ann', true])
  const chunked =
    'POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n'
  const received = await raw(proxy.port, `${chunked}5\r\nhello\r\n6;a=b\r\n there\r\n0\r\n\r\n`)
  expect(received).toContain('"body":"hello there"')
  expect(seen[1]).toBe('hello there')
})

test('an authority that is the proxy itself is not asked', async () => {
  const { proxy, endpoint } = await served([], undefined)
  route(proxy, [{ forwardAuth: { address: `http://127.0.0.1:${proxy.port}/` } }], endpoint.port)
  expect((await proxy.get()).status).toBe(502)
})

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

test('requests at a time are counted until their answer has gone, and the client that leaves is not', async () => {
  const waiting: Parameters<RequestListener>[1][] = []
  const { proxy } = await served([{ inFlight: { amount: 1 } }], (_, response) => {
    waiting.push(response)
  })
  const first = proxy.get()
  await expect.poll(() => waiting.length).toBe(1)
  expect((await proxy.get()).status).toBe(429)
  waiting.pop()?.end('done')
  expect((await first).body).toBe('done')
  const leaving = new AbortController()
  const gone = proxy.get('/', { signal: leaving.signal })
  await expect.poll(() => waiting.length).toBe(1)
  leaving.abort()
  await expect(gone).rejects.toThrow()
  await expect
    .poll(async () => {
      const again = new AbortController()
      const asked = proxy.get('/', { signal: again.signal }).catch(() => undefined)
      const isThere = await Promise.race([
        asked.then((answer) => answer?.status),
        expect
          .poll(() => waiting.length)
          .toBe(2)
          .then(() => 'asked'),
      ])
      again.abort()
      await asked
      return isThere
    })
    .toBe('asked')
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

test('a WebSocket passes middlewares, and those that refuse it', async () => {
  const list = [
    { headers: { request: { 'X-A': 'b' }, response: { 'X-C': 'd' } } },
    { compress: {} },
    { inFlight: { amount: 1 } },
  ]
  const sockets = new WebSocketServer({ noServer: true })
  const { proxy, endpoint } = await served(list, undefined)
  endpoint.server.on('upgrade', (incoming, socket, head) =>
    sockets.handleUpgrade(incoming, socket, head, (one) => {
      one.on('message', () => one.send(String(incoming.headers['x-a'])))
    }),
  )
  const options = { headers: { Host: 'shop.test' } }
  const client = new WebSocket(`ws://127.0.0.1:${proxy.port}/`, options)
  const { promise: upgraded, resolve } = Promise.withResolvers<IncomingMessage>()
  client.on('upgrade', resolve)
  await once(client, 'open')
  expect((await upgraded).headers['x-c']).toBe('d')
  client.send('hi')
  const [message]: unknown[] = await once(client, 'message')
  expect(String(message)).toBe('b')
  const second = new WebSocket(`ws://127.0.0.1:${proxy.port}/`, options)
  const [error]: unknown[] = await once(second, 'error')
  expect(String(error)).toContain('429')
  client.close()
  await once(client, 'close')
})

test('middlewares that come while requests run act on the next, those that stay go on counting', async () => {
  const { proxy, endpoint } = await served(
    [{ rateLimit: { average: 1, periodMs: 60_000 } }],
    undefined,
  )
  expect([(await proxy.get()).status, (await proxy.get()).status]).toEqual([200, 429])
  const limit = { rateLimit: { average: 1, periodMs: 60_000 } }
  route(proxy, [limit, { addPrefix: '/a' }], endpoint.port)
  expect((await proxy.get()).status).toBe(429)
  route(proxy, [{ addPrefix: '/a' }], endpoint.port)
  expect(seenIn(await proxy.get('/b')).url).toBe('/a/b')
})

test('a limit is one limit, whichever worker has the connection', async () => {
  let reached = 0
  const held = (_: IncomingMessage, response: Parameters<RequestListener>[1]) => {
    reached++
    onTestFinished(() => void response.destroy())
  }
  const list = [{ inFlight: { amount: 3 } }]
  const { proxy } = await served(list, held, { workers: 2 })
  await expect.poll(async () => (await proxy.get('/', { host: 'other' })).status).toBe(404)
  const statuses: (number | undefined)[] = []
  for (let asked = 1; asked <= 12; asked++) {
    proxy.get().then(
      ({ status }) => statuses.push(status),
      () => {},
    )
    await expect.poll(() => reached + statuses.length).toBe(asked)
  }
  expect([reached, statuses]).toEqual([3, Array.from({ length: 9 }, () => 429)])
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

test('error pages of a service that is not there are a problem, and the answers come as they are', async () => {
  const errors = { status: ['500'], service: 'nobody', path: '/' }
  const { proxy } = await served([{ errorPages: errors }], (_, response) =>
    response.writeHead(500).end('plain'),
  )
  expect(await proxy.get()).toMatchObject({ status: 500, body: 'plain' })
  expect(proxy.problems().map(({ what }) => what)).toEqual([expect.stringContaining('nobody')])
})
