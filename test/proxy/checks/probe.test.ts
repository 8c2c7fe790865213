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
import { listeningOn } from '../../listening.ts'
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

for (const [name, wrong] of [
  ['path', { path: '/a b' }],
  ['method', { method: 'GE T' }],
  ['header', { headers: { 'x-a': '→' } }],
] as const) {
  test(`HTTP: a ${name} that can not be sent fails, and leaves no connection behind`, async () => {
    await using service = await backend()
    expect(await found(service.port, wrong)).toMatchObject({ passed: false })
    expect(await found(service.port)).toMatchObject({ passed: true })
    expect(service.connections()).toBe(1)
  })
}

for (const [name, answer, passed, why] of [
  ['101', 'HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n', false, 'GET / gave 101'],
  ['large head', `HTTP/1.1 200 x\r\nx: ${'a'.repeat(30_000)}\r\n\r\n`, true, 'GET / gave 200'],
] as const) {
  test(`HTTP: a ${name} is an answer`, async () => {
    const server = createTcp((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .write(answer),
    )
    const port = await listeningOn(server)
    expect(await found(port, { timeoutMs: 30_000 })).toEqual({ passed, why })
    server.close()
  })
}

test('HTTP: an endpoint of h2c is asked by HTTP/2, another port of it is not', async () => {
  const server = createHttp2((request, response) => {
    const { ':authority': host, 'x-key': key } = request.headers
    const isKnown = host === 'h.test' && key === '1'
    if (request.url === '/in') response.writeHead(302, { location: '/out' }).end()
    else response.writeHead(isKnown ? 204 : 500).end()
  })
  const port = await listeningOn(server)
  await using plain = await backend()
  const h2c = { ip: '127.0.0.1', port, proxyProtocol: null, protocol: 'h2c' } as const
  const asked = { path: '/in', host: 'h.test', headers: { 'X-Key': '1' }, followRedirects: true }
  const at = (more: Partial<HealthCheck>) => probe(h2c, check(more), never)
  expect(await at(asked)).toEqual({ passed: true, why: 'GET /out gave 204' })
  expect(await at({ method: 'HEAD' })).toEqual({ passed: false, why: 'HEAD / gave 500' })
  expect(await at({ port: plain.port })).toMatchObject({ passed: true })
  server.close()
})

test('TCP: passes when a connection is accepted', async () => {
  const server = createTcp((socket) => socket.on('error', () => {}))
  const port = await listeningOn(server)
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
    const port = await listeningOn(server)
    expect(await found(port, { kind: 'grpc' })).toMatchObject({ passed })
    server.close()
  })
}

test('gRPC: an answer that never ends is read no further than it could be right', async () => {
  const server = createHttp2()
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {})
    stream.respond({ ':status': 200 })
    const more = () => stream.write(Buffer.alloc(65_536), () => stream.destroyed || more())
    more()
  })
  const port = await listeningOn(server)
  expect(await found(port, { kind: 'grpc', timeoutMs: 30_000 })).toEqual({
    passed: false,
    why: 'gRPC health is not SERVING',
  })
  server.close()
})

test('gRPC: a server that does not speak it, and none, fail', async () => {
  await using service = await backend()
  expect(await found(service.port, { kind: 'grpc' })).toMatchObject({ passed: false })
  await service.close()
  expect(await found(service.port, { kind: 'grpc' })).toMatchObject({
    passed: false,
    why: expect.stringMatching(/^gRPC health check: /),
  })
})
