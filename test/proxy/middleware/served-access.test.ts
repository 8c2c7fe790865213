import type { IncomingMessage, RequestListener } from 'node:http'
import { text } from 'node:stream/consumers'

import { expect, onTestFinished, test } from 'vitest'

import { backend, raw } from '../bed.ts'
import { route, seenIn, served } from './served.ts'

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

test('a client can not have Connection take away what is said of it, or where it came from', async () => {
  await using judge = await backend((_, response) => response.setHeader('X-User', 'ann').end())
  const address = `http://127.0.0.1:${judge.port}/`
  const list = [
    { forwardAuth: { address, responseHeaders: ['X-User'] } },
    { headers: { request: { 'X-Tenant': 'a' }, response: {} } },
  ]
  const { proxy, endpoint } = await served(list, undefined, { trust: ['127.0.0.1'] })
  const headers = {
    connection: 'X-User, x-tenant, X-Mine, X-Forwarded-For, X-Real-IP',
    'x-user': 'eve',
    'x-mine': '1',
    'x-forwarded-for': '192.0.2.1',
    'x-real-ip': '192.0.2.1',
  }
  const origin = { 'x-forwarded-for': '192.0.2.1, 127.0.0.1', 'x-real-ip': '192.0.2.1' }
  const guarded = seenIn(await proxy.get('/', { headers })).headers
  expect(guarded).toMatchObject({ 'x-user': 'ann', 'x-tenant': 'a', ...origin })
  expect(guarded).not.toHaveProperty('x-mine')
  route(proxy, [], endpoint.port)
  const plain = async () => seenIn(await proxy.get('/', { headers })).headers
  await expect.poll(plain).not.toHaveProperty('x-tenant')
  expect(await plain()).toMatchObject(origin)
  expect(await plain()).not.toHaveProperty('x-mine')
})

test('an authority that is the proxy itself is not asked', async () => {
  const { proxy, endpoint } = await served([], undefined)
  route(proxy, [{ forwardAuth: { address: `http://127.0.0.1:${proxy.port}/` } }], endpoint.port)
  expect((await proxy.get()).status).toBe(502)
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

test('a subscriber of IPv6 has one limit for all of its addresses', async () => {
  const limit = { rateLimit: { average: 1, periodMs: 3_600_000, source: { ipDepth: 1 } } }
  const { proxy } = await served([limit], undefined, { trust: ['127.0.0.1'] })
  const statusFor = async (address: string) =>
    (await proxy.get('/', { headers: { 'x-forwarded-for': address } })).status
  expect(await statusFor('2001:db8:0:1::1')).toBe(200)
  expect(await statusFor('2001:db8:0:1:ffff::2')).toBe(429)
  expect(await statusFor('2001:db8:0:2::1')).toBe(200)
  expect([await statusFor('192.0.2.1'), await statusFor('192.0.2.2')]).toEqual([200, 200])
  expect(await statusFor('::ffff:192.0.2.2')).toBe(429)
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
