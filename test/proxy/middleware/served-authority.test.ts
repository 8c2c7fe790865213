import { createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'

import { expect, test } from 'vitest'

import { closed, listeningOn } from '../../listening.ts'
import { backend, raw } from '../bed.ts'
import { host, wireClient } from '../hostile/wire.ts'
import { seenIn, served } from './served.ts'

/** Says yes to everybody, when it has seen all. */
const willing = () =>
  backend((incoming, response) => void text(incoming).then(() => response.end()))

test('an authority sees a body that came while a middleware before it took its time', async () => {
  const seen: string[] = []
  await using judge = await backend((incoming, response) => {
    void text(incoming)
      .then((body) => seen.push(body))
      .then(() => response.end())
  })
  const address = `http://127.0.0.1:${judge.port}/`
  const list = [{ forwardAuth: { address } }, { forwardAuth: { address, forwardBody: true } }]
  const { proxy } = await served(list, undefined)
  expect(seenIn(await proxy.get('/', { method: 'POST', body: 'hello' })).body).toBe('hello')
  const large = 'y'.repeat(300_000)
  expect(seenIn(await proxy.get('/', { method: 'POST', body: large })).body === large).toBe(true)
  const chunked = `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n`
  const received = await raw(proxy.port, `${chunked}5\r\nhello\r\n6\r\n there\r\n0\r\n\r\n`)
  expect(received).toContain('"body":"hello there"')
  const whole = seen.filter((body) => body !== '')
  expect(whole.map(({ length }) => length)).toEqual([5, 300_000, 11])
  const tooLarge = await proxy.get('/', { method: 'POST', body: 'y'.repeat(2_000_000) })
  expect(tooLarge.status).toBe(413)
})

test('a body that an authority wants to see has to come at the least rate, too', async () => {
  await using judge = await willing()
  const auth = { address: `http://127.0.0.1:${judge.port}/`, forwardBody: true }
  const { proxy } = await served([{ forwardAuth: auth }], undefined, {
    clientTimes: { rateMs: 500 },
  })
  using client = wireClient(proxy.port)
  client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 100000\r\n\r\n`)
  const timer = setInterval(() => client.send('x'), 50)
  expect(await client.closed()).toMatch(/^HTTP\/1.1 408 /)
  clearInterval(timer)
})

test('an authority is not asked any more for a client that has left', async () => {
  const asked = new Set<Socket>()
  let ended = 0
  const judge = createServer((socket) => {
    asked.add(socket)
    socket.resume()
    socket.on('error', () => {})
    socket.on('close', () => ended++)
  })
  const port = await listeningOn(judge)
  const { proxy } = await served(
    [{ forwardAuth: { address: `http://127.0.0.1:${port}/` } }],
    undefined,
  )
  using client = wireClient(proxy.port)
  client.send(`GET / HTTP/1.1\r\n${host}\r\n`)
  await expect.poll(() => asked.size).toBe(1)
  expect(ended).toBe(0)
  client.socket.resetAndDestroy()
  await expect.poll(() => ended, { timeout: 20_000 }).toBe(1)
  await closed(judge, [...asked])
})
