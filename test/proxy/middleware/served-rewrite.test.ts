import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'

import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

import { seenIn, served } from './served.ts'

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
