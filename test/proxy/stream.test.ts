import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'

import { expect, test } from 'vitest'

import { backend, bed, catalogOf, instance, pause, raw } from './bed.ts'

test('events of a stream come as they are sent', async () => {
  await using service = await backend((_, response) => {
    response.writeHead(200, { 'content-type': 'Text/Event-Stream; charset=utf-8' })
    response.write('data: 1\n\n')
  })
  await using proxy = await bed({ idleMs: 100 })
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const asked = request({
    port: proxy.port,
    host: '127.0.0.1',
    headers: { host: 'shop.test' },
  }).end()
  const [answer] = await once(asked, 'response')
  const [first] = await once(answer, 'data')
  expect(String(first)).toBe('data: 1\n\n')
  // an idle stream is no dead one; limits are looked at five times a second
  await pause(1000)
  expect(answer.destroyed).toBe(false)
  asked.destroy()
})

test('an answer that stands still too long is cut', async () => {
  await using service = await backend((_, response) => void response.write('begin'))
  await using proxy = await bed({ idleMs: 100 })
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  await expect(proxy.get()).rejects.toThrow(/aborted|hang up/)
})

test('HEAD keeps the length and has no body', async () => {
  await using service = await backend((_, response) =>
    response.setHeader('content-length', 5).end('hello'),
  )
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const answer = await proxy.get('/', { method: 'HEAD' })
  expect([answer.status, answer.headers['content-length'], answer.body]).toEqual([200, '5', ''])
})

test('a body that waits for 100 is sent only when an endpoint is there', async () => {
  await using service = await backend((incoming, response) => void incoming.pipe(response))
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const head = 'POST / HTTP/1.1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n'
  expect(await raw(proxy.port, `${head}Host: nobody\r\n\r\n`)).toMatch(/^HTTP\/1.1 404 /)
  const socket = connect(proxy.port, '127.0.0.1')
  socket.write(`${head}Host: shop.test\r\n\r\n`)
  const [interim] = await once(socket, 'data')
  expect(String(interim)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
  socket.write('body')
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1.1 200 /)
  socket.destroy()
})

test('early hints are passed on', async () => {
  await using service = await backend((_, response) => {
    response.writeEarlyHints({ link: '</a.css>; rel=preload' })
    response.end('page')
  })
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const answer = await raw(proxy.port, 'GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n')
  expect(answer).toMatch(/^HTTP\/1.1 103 [^]*<\/a.css>[^]*HTTP\/1.1 200 /)
})

test('an answer before the end of the body is delivered, and the connection is not used again', async () => {
  await using service = await backend((_, response) => response.writeHead(413).end('too much'))
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const head = 'POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 100000\r\n\r\n'
  const answer = await raw(proxy.port, `${head}some`)
  expect(answer).toMatch(/^HTTP\/1.1 413 [^]*connection: close/i)
})

test('a big body goes through in both directions', async () => {
  await using service = await backend((incoming, response) => void incoming.pipe(response))
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const body = 'z'.repeat(5_000_000)
  expect((await proxy.get('/', { method: 'PUT', body })).body).toBe(body)
})
