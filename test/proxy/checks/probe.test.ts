import { once } from 'node:events'
import {
  createServer as createHttp2,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import { createServer as createTcp } from 'node:net'

import { expect, test } from 'vitest'

import { type HealthCheck, healthSchema } from '../../../src/core/policy.ts'
import { probe } from '../../../src/proxy/checks/probe.ts'
import { backend } from '../bed.ts'

const never = new AbortController().signal
const check = (more: Partial<HealthCheck> = {}) => healthSchema.parse(more)

/** What a check of `service` finds. */
const found = (port: number, more: Partial<HealthCheck> = {}) =>
  probe({ ip: '127.0.0.1', port, proxyProtocol: null }, check(more), never)

test('HTTP: method, path, host and headers are sent; the status decides', async () => {
  const seen: unknown[] = []
  await using service = await backend(({ method, url, headers }, response) => {
    const { host, 'x-key': key } = headers
    seen.push({ method, url, host, key })
    response.writeHead(url === '/ok' ? 204 : 500).end()
  })
  const ok = { method: 'HEAD', path: '/ok', host: 'h.test', headers: { 'x-key': '1' } }
  expect(await found(service.port, ok)).toEqual({ passed: true, why: 'HEAD /ok gave 204' })
  expect(seen).toEqual([{ method: 'HEAD', url: '/ok', host: 'h.test', key: '1' }])
  expect(await found(service.port)).toEqual({ passed: false, why: 'GET / gave 500' })
  expect(await found(service.port, { expect: ['5xx'] })).toMatchObject({ passed: true })
  expect(seen.at(-1)).toMatchObject({ host: `127.0.0.1:${service.port}` })
})

test('HTTP: another port than that of requests', async () => {
  await using service = await backend()
  expect(await found(1, { port: service.port })).toMatchObject({ passed: true })
})

test('HTTP: redirects are followed if wanted, on the same host and not for ever', async () => {
  await using service = await backend(({ url }, response) => {
    const to = { '/in': '/out', '/away': 'http://elsewhere.test/', '/ring': '/ring' }[url ?? '']
    if (to === undefined) response.writeHead(url === '/out' ? 200 : 404).end()
    else response.writeHead(302, { location: to }).end()
  })
  const at = async (path: string, followRedirects = true) =>
    (await found(service.port, { path, followRedirects, expect: ['200'] })).why
  expect(await at('/in')).toBe('GET /out gave 200')
  expect(await at('/in', false)).toBe('GET /in gave 302')
  expect(await at('/away')).toBe('GET /away gave 302')
  expect(await at('/ring')).toBe('GET /ring gave 302')
})

test('HTTP: no answer in time, and nobody there, are failures that say so', async () => {
  await using silent = await backend(() => {})
  expect(await found(silent.port, { timeoutMs: 100 })).toEqual({
    passed: false,
    why: 'GET /: no answer within 100 ms',
  })
  await silent.close()
  const refused = await found(silent.port)
  expect(refused.passed).toBe(false)
  expect(refused.why).toMatch(/^GET \/: connect ECONNREFUSED/)
})

test('HTTP: an answer that never ends is an answer', async () => {
  await using endless = await backend((_, response) => {
    response.write('x')
  })
  expect(await found(endless.port)).toMatchObject({ passed: true })
})

test('TCP: passes when a connection is accepted', async () => {
  const server = createTcp((socket) => socket.on('error', () => {}))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  expect(await found(port, { kind: 'tcp' })).toEqual({ passed: true, why: 'connected' })
  server.close()
  await once(server, 'close')
  expect(await found(port, { kind: 'tcp' })).toMatchObject({
    passed: false,
    why: expect.stringMatching(/^connect: connect ECONNREFUSED/),
  })
})

for (const [word, status, passed] of [
  ['SERVING', 1, true],
  ['NOT_SERVING', 2, false],
] as const) {
  test(`gRPC: ${word}`, async () => {
    const server = createHttp2()
    server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      expect(headers[':path']).toBe('/grpc.health.v1.Health/Check')
      stream.on('data', () => {})
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc' },
        { waitForTrailers: true },
      )
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(Buffer.from([0, 0, 0, 0, 2, 8, status]))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const address = server.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    expect(await found(port, { kind: 'grpc' })).toMatchObject({ passed })
    server.close()
  })
}

test('gRPC: a server that does not speak it, and none, fail', async () => {
  await using service = await backend()
  expect(await found(service.port, { kind: 'grpc' })).toMatchObject({ passed: false })
  await service.close()
  expect(await found(service.port, { kind: 'grpc' })).toMatchObject({
    passed: false,
    why: expect.stringMatching(/^gRPC health check: /),
  })
})
