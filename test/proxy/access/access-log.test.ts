import { once } from 'node:events'
import { connect, createServer } from 'node:net'

import { expect, test } from 'vitest'

import { eventually } from '../../e2e/portolan.ts'
import { ask, backend, raw } from '../bed.ts'
import { served } from './served.ts'

const everything = { kind: 'all' } as const

test('a request leaves one line that tells all of it, and no secret', async () => {
  await using web = await backend((_, answer) => answer.writeHead(201).end('hello'))
  await using proxy = await served({ wish: everything, web: web.port })
  proxy.read()
  const head =
    'POST /a"b?token=%1b HTTP/1.1\r\nHost: web.test\r\nUser-Agent: \xc3\xa4 \x9b[2J\r\nReferer: http://x/\r\n' +
    'Cookie: c=hidden\r\nAuthorization: Basic hidden\r\nContent-Length: 3\r\nConnection: close\r\n\r\n'
  const answer = await raw(proxy.http, `${head}abc`)
  const [line] = await proxy.until(1)
  expect(line).toEqual({
    log: 'access',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    entrypoint: 'http',
    client: '127.0.0.1',
    method: 'POST',
    host: 'web.test',
    path: '/a"b?token=%1b',
    protocol: 'HTTP/1.1',
    status: 201,
    outcome: 'ok',
    received: head.length + 3,
    sent: answer.length,
    durationMs: expect.any(Number),
    firstByteMs: expect.any(Number),
    service: 'shop/web',
    route: 'web',
    endpoint: `127.0.0.1:${web.port}`,
    tries: 1,
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    userAgent: 'ä \ufffd[2J',
    referer: 'http://x/',
  })
  expect(Math.abs(Date.parse(line?.time ?? '') - Date.now())).toBeLessThan(600_000)
  expect(JSON.stringify(line)).not.toContain('hidden')
})

test('small heads and large ones of one connection have lines that tell each its own', async () => {
  await using web = await backend()
  await using proxy = await served({ wish: everything, web: web.port })
  proxy.read()
  const head = (name: string, more = '') =>
    `GET /${name} HTTP/1.1\r\nHost: web.test\r\nUser-Agent: ${name}\r\n${more}\r\n`
  const large = head('large', `Cookie: ${'c'.repeat(5000)}\r\n`)
  const last = head('small', 'Connection: close\r\n')
  const heads = [head('small'), large, large, head('small'), last]
  await raw(proxy.http, heads.join(''))
  const lines = await proxy.until(heads.length)
  const names = ['small', 'large', 'large', 'small', 'small']
  expect(lines).toEqual(
    names.map((name, at) =>
      expect.objectContaining({
        host: 'web.test',
        path: `/${name}`,
        userAgent: name,
        received: heads[at]?.length,
      }),
    ),
  )
})

test('of trusted peers the forwarded address and the id are taken', async () => {
  await using web = await backend()
  await using proxy = await served({
    wish: everything,
    web: web.port,
    trust: ['127.0.0.1', '10.0.0.0/8'],
  })
  proxy.read()
  const clientOf = async (forwarded: string) => {
    const before = proxy.lines.length
    const headers = { 'x-forwarded-for': forwarded, 'x-request-id': 'mine' }
    await ask(proxy.http, { host: 'web.test', headers })
    const line = (await proxy.until(before + 1)).at(-1)
    expect(line?.['requestId']).toBe('mine')
    return line?.client
  }
  expect(await clientOf('192.0.2.1')).toBe('192.0.2.1')
  expect(await clientOf('192.0.2.1, 192.0.2.2, 10.0.0.1')).toBe('192.0.2.2')
  expect(await clientOf('192.0.2.1, nonsense, 10.0.0.1')).toBe('10.0.0.1')
})

test('of others they are not', async () => {
  await using web = await backend()
  await using proxy = await served({ wish: everything, web: web.port })
  proxy.read()
  const headers = { 'x-forwarded-for': '192.0.2.1', 'x-request-id': 'mine' }
  await ask(proxy.http, { host: 'web.test', headers })
  const [line] = await proxy.until(1)
  expect(line?.client).toBe('127.0.0.1')
  expect(line?.['requestId']).not.toBe('mine')
})

test('what we answer ourselves says why', async () => {
  await using web = await backend()
  await using proxy = await served({ wish: everything, web: web.port })
  proxy.read()
  await ask(proxy.http, { host: 'nobody.test' })
  await ask(proxy.http, { host: 'gone.test' })
  await raw(proxy.http, 'no request\r\n\r\n')
  await raw(proxy.http, 'GET /x HTTP/1.1\r\nHost: web.test\r\nHost: web.test\r\n\r\n')
  const lines = await proxy.until(4)
  expect(lines.map(({ outcome }) => outcome)).toEqual([
    'unrouted',
    'refused',
    'bad request',
    'bad request',
  ])
  expect(lines.map((line) => line['status'])).toEqual([404, 502, 400, 400])
  expect(lines.map((line) => line['service'])).toEqual([
    undefined,
    'shop/gone',
    undefined,
    undefined,
  ])
  expect(lines.map((line) => line['path'])).toEqual(['/', '/', undefined, '/x'])
})

test('errors are what went wrong: not an answer of 404, but clients that gave up', async () => {
  await using web = await backend((incoming, answer) => {
    if (incoming.url === '/broken') answer.writeHead(500).end()
    else if (incoming.url !== '/never') answer.writeHead(404).end()
  })
  await using proxy = await served({ wish: { kind: 'errors' }, web: web.port })
  proxy.read()
  await ask(proxy.http, { host: 'web.test' })
  await ask(proxy.http, { host: 'web.test', path: '/broken' })
  const stop = new AbortController()
  const waiting = ask(proxy.http, { host: 'web.test', path: '/never', signal: stop.signal })
  await eventually(async () => web.connections() === 1)
  await new Promise((resolve) => {
    setTimeout(resolve, 100)
  })
  stop.abort()
  await expect(waiting).rejects.toThrow()
  const lines = await proxy.until(2)
  expect(lines.map(({ outcome }) => outcome)).toEqual(['ok', 'gone'])
  expect(lines.map((line) => [line['path'], line['status']])).toEqual([
    ['/broken', 500],
    ['/never', 499],
  ])
})

test('a share is one of ids, the same each time, and has all errors besides', async () => {
  await using web = await backend((incoming, answer) => {
    answer.writeHead(incoming.url === '/broken' ? 503 : 200).end()
  })
  const wish = { kind: 'share', share: 0.25 } as const
  await using proxy = await served({ wish, web: web.port, trust: ['127.0.0.1'] })
  proxy.read()
  const ids = Array.from({ length: 100 }, (_, at) => `id-${at}`)
  for (const id of [...ids, ...ids]) {
    await ask(proxy.http, { host: 'web.test', headers: { 'x-request-id': id } })
  }
  await ask(proxy.http, { host: 'web.test', path: '/broken', headers: { 'x-request-id': 'last' } })
  await eventually(async () => proxy.lines.at(-1)?.['requestId'] === 'last')
  const logged = proxy.lines.slice(0, -1).map((line) => line['requestId'])
  const kinds = new Set(logged)
  expect(kinds.size).toBeGreaterThan(10)
  expect(kinds.size).toBeLessThan(50)
  expect(logged).toEqual([...kinds, ...kinds])
})

test('a tunnel leaves its line at its end, with all that went through it', async () => {
  await using web = await backend()
  web.server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    socket.on('data', (bytes) => socket.end(bytes))
  })
  await using proxy = await served({ wish: everything, web: web.port })
  proxy.read()
  const head =
    'GET /ws HTTP/1.1\r\nHost: web.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  const client = connect({ port: proxy.http, host: '127.0.0.1' })
  client.write(head)
  await once(client, 'data')
  expect(proxy.lines).toEqual([])
  client.write('x'.repeat(1000))
  await once(client, 'close')
  const [line] = await proxy.until(1)
  expect(line).toMatchObject({ path: '/ws', status: 101, received: head.length + 1000 })
  expect(line?.sent).toBeGreaterThan(1000)
})

test('a connection to a TCP entrypoint leaves one, too', async () => {
  const server = createServer((socket) => socket.on('data', () => socket.end('four')))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  await using proxy = await served({ wish: everything, web: 1, tcp: port })
  proxy.read()
  const client = connect({ port: proxy.db, host: '127.0.0.1' })
  client.end('12345')
  client.resume()
  await once(client, 'close')
  const [line] = await proxy.until(1)
  expect(line).toEqual({
    log: 'access',
    time: expect.any(String),
    entrypoint: 'db',
    client: '127.0.0.1',
    protocol: 'TCP',
    outcome: 'ok',
    received: 5,
    sent: 4,
    durationMs: expect.any(Number),
    service: 'shop/db',
    route: 'db',
    endpoint: `127.0.0.1:${port}`,
    tries: 1,
  })
  server.close()
})

test('who does not read loses lines and delays nobody; what is read is whole', async () => {
  await using web = await backend()
  await using proxy = await served({ wish: everything, workers: 2, web: web.port })
  const path = `/${'x'.repeat(15_000)}`
  const count = 400
  for (let asked = 0; asked < count; asked++) {
    const { status } = await ask(proxy.http, { host: 'web.test', path })
    expect(status).toBe(200)
  }
  await eventually(async () => (await proxy.dropped()) > 0)
  proxy.read()
  await eventually(async () => proxy.lines.length === count - (await proxy.dropped()))
  expect(proxy.lines.every((line) => line['path'] === path)).toBe(true)
})

test('with several workers lines are whole and all there', async () => {
  await using web = await backend()
  await using proxy = await served({ wish: everything, workers: 2, web: web.port })
  proxy.read()
  const path = `/${'y'.repeat(5000)}`
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 10 }, () => ask(proxy.http, { host: 'web.test', path })))
  }
  // what is gathered is written before the end
  await proxy.stop()
  expect(proxy.lines).toHaveLength(200)
})
