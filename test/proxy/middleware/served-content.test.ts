import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'

import { hash } from 'bcryptjs'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

import { raw } from '../bed.ts'
import { bytes, served } from './served.ts'

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

test('a HEAD is told what a GET is, and what follows on its connection is answered', async () => {
  const errors = { errorPages: { status: ['404'], service: 'nobody', path: '/' } }
  const { proxy } = await served([errors, { compress: {} }], (incoming, response) => {
    const text = incoming.url?.endsWith('small') ? 'small' : page
    const headers = { 'Content-Type': 'text/plain', ETag: '"1"', 'Accept-Ranges': 'bytes' }
    const length = incoming.url === '/open' ? {} : { 'Content-Length': text.length }
    response.writeHead(incoming.url?.startsWith('/404') ? 404 : 200, { ...headers, ...length })
    response.end(text)
  })
  const headOf = async (method: string, path: string, encoding: string) => {
    const answer = await proxy.get(path, { method, headers: { 'accept-encoding': encoding } })
    const { date: _date, 'transfer-encoding': _framing, ...headers } = answer.headers
    return { status: answer.status, ...headers }
  }
  for (const [path, encoding, etag] of [
    ['/', 'gzip', 'W/"1"'],
    ['/', 'identity', '"1"'],
    ['/small', 'gzip', '"1"'],
    ['/open', 'gzip', 'W/"1"'],
    ['/404', 'gzip', 'W/"1"'],
    ['/404', 'identity', '"1"'],
    ['/404small', 'gzip', '"1"'],
  ] as const) {
    const head = await headOf('HEAD', path, encoding)
    expect(head, `${path} ${encoding}`).toEqual(await headOf('GET', path, encoding))
    expect(head).toHaveProperty('etag', etag)
  }
  const lines = 'Host: shop.test\r\nAccept-Encoding: gzip\r\n'
  const asked = ['/', '/open', '/404'].map((path) => `HEAD ${path} HTTP/1.1\r\n${lines}\r\n`)
  const last = `HEAD /small HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`
  const received = await raw(proxy.port, asked.join('') + last)
  const heads = received.split('\r\n\r\n')
  expect(heads.map((head) => head.slice(9, 12))).toEqual(['200', '200', '404', '200', ''])
  expect(heads.map((head) => /content-length/i.test(head))).toEqual([
    false,
    false,
    false,
    true,
    false,
  ])
})

test('a HEAD of what is too large is refused as a GET is', async () => {
  const { proxy } = await served([{ maxBody: { responseBytes: 1000 } }], (_, response) => {
    response.setHeader('Content-Length', page.length).end(page)
  })
  expect((await proxy.get('/', { method: 'HEAD' })).status).toBe(500)
})

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

/** A request in chunks of one byte each. */
function bitten(size: number, more = ''): string {
  const head = `POST / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n${more}`
  return `${head}Transfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(size)}0\r\n\r\n`
}

test('the framing of chunks is no content: not of a request, and not of an answer', async () => {
  const { proxy } = await served(
    [{ maxBody: { requestBytes: 200, responseBytes: 200 } }],
    (incoming, response) => {
      response.flushHeaders()
      incoming.on('data', (piece: Buffer) => response.write(piece))
      incoming.on('end', () => response.end())
    },
  )
  expect(await raw(proxy.port, bitten(200))).toMatch(/^HTTP\/1.1 200 [^]*0\r\n\r\n$/)
  expect(await raw(proxy.port, bitten(201))).toMatch(/^HTTP\/1.1 413 /)
})

test('a body that comes while a password is checked may be no larger than others', async () => {
  const users = [`ann:${await hash('secret', 8)}`]
  const { proxy } = await served(
    [{ basicAuth: { users } }, { maxBody: { requestBytes: 10 } }],
    (_, response) => response.end(),
  )
  const login = `Authorization: Basic ${Buffer.from('ann:secret').toString('base64')}\r\n`
  expect(await raw(proxy.port, bitten(100, login))).toMatch(/^HTTP\/1.1 413 /)
})

test('what goes over a WebSocket is no body', async () => {
  const { proxy, endpoint } = await served(
    [{ maxBody: { requestBytes: 10, responseBytes: 10 } }],
    (_, response) => response.writeHead(426).end(),
  )
  const sockets = new WebSocketServer({ server: endpoint.server })
  sockets.on('connection', (socket) => socket.on('message', (message) => socket.send(message)))
  const headers = { host: 'shop.test' }
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/`, { headers })
  await once(socket, 'open')
  socket.send('more than ten bytes')
  const [answer] = await Promise.race([once(socket, 'message'), once(socket, 'close')])
  expect(String(answer)).toBe('more than ten bytes')
  socket.terminate()
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
