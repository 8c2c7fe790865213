import { createServer } from 'node:net'

import { expect, test } from 'vitest'

import { Parked } from '../../../src/proxy/exchange/parked.ts'
import { EndpointSessions } from '../../../src/proxy/http2/endpoint-sessions.ts'
import { closed, listeningOn } from '../../listening.ts'
import { catalogOf, instance } from '../bed.ts'
import { routes, secured } from './client.ts'
import { asking, frame, frameClient, frameEndpoint, headers, reset, type } from './frames.ts'

const limitMs = 60_000
const { data } = type
const status = (code: string, ...more: readonly string[]) => [':status', code, ...more]
const usual = (stream: number) => headers(stream, status('200'), true)

/** A proxy before an endpoint of HTTP/2, and somebody whose connection must outlast what others do. */
async function scene(answer: (stream: number) => Buffer = usual, reads = true) {
  const endpoint = await frameEndpoint(answer, reads)
  const proxy = await secured()
  proxy.catalog.set(catalogOf([instance({ port: endpoint.port, protocol: 'h2c', routes })]))
  const port = proxy.ports.get('https') ?? 0
  const bystander = await frameClient(port)
  let stream = -1
  return {
    endpoint,
    port,
    inFlight: async () =>
      /portolan_http_in_flight{[^}]*https[^}]*} (\d+)/.exec(await proxy.registry.metrics())?.[1],
    /** Whether the worker is still the same one. */
    async stands() {
      stream += 2
      bystander.send(headers(stream, asking('GET'), true))
      expect(await bystander.ended(stream)).toContain(type.headers)
    },
    async [Symbol.asyncDispose]() {
      bystander[Symbol.dispose]()
      await proxy[Symbol.asyncDispose]()
      await endpoint[Symbol.asyncDispose]()
    },
  }
}

const asked: readonly (readonly [sentence: string, head: readonly string[]])[] = [
  ['a header twice that may be there once', asking('GET', 'user-agent', 'a', 'user-agent', 'b')],
  ['a header of one connection', asking('GET', 'http2-settings', 'AAMAAABkAARAAAAAAAIAAAAA')],
]
for (const [sentence, head] of asked) {
  test(
    `a request with ${sentence} is served, and nobody else notices`,
    async () => {
      await using at = await scene()
      await at.stands()
      using client = await frameClient(at.port)
      client.send(headers(1, head, true))
      expect(await client.ended(1)).toEqual([type.headers])
      await at.stands()
    },
    limitMs,
  )
}

const specific = ['http2-settings', 'a']
const answers: readonly (readonly [sentence: string, (stream: number) => Buffer])[] = [
  ['a head', (stream) => headers(stream, status('200', ...specific), true)],
  [
    'an interim answer',
    (stream) => Buffer.concat([headers(stream, status('103', ...specific)), usual(stream)]),
  ],
  [
    'trailers',
    (stream) =>
      Buffer.concat([
        headers(stream, status('200')),
        frame(data, 0, stream, Buffer.from('a')),
        headers(stream, specific, true),
      ]),
  ],
  ['a status that there is not', (stream) => headers(stream, status('999'), true)],
]
for (const [sentence, answer] of answers) {
  test(
    `an endpoint that has ${sentence} of words that HTTP/2 can't send harms nobody`,
    async () => {
      await using at = await scene(answer)
      using client = await frameClient(at.port)
      client.send(headers(1, asking('GET'), true))
      expect(await client.ended(1)).toContain(type.headers)
      await at.stands()
    },
    limitMs,
  )
}

test(
  'interim answers without end are a 502',
  async () => {
    const interim = (stream: number) => headers(stream, status('103', 'link', 'a'))
    await using at = await scene((stream) =>
      Buffer.concat([...Array.from({ length: 500 }, () => interim(stream)), usual(stream)]),
    )
    using client = await frameClient(at.port)
    client.send(headers(1, asking('POST'), true))
    const types = await client.ended(1)
    expect(types.length).toBeLessThan(100)
    expect(types.at(-1)).toBe(data)
    await expect.poll(at.inFlight).toBe('0')
  },
  limitMs,
)

test(
  'a client that takes back without an error what an endpoint does not read is forgotten at once',
  async () => {
    // it answers when the client is gone
    await using at = await scene(() => Buffer.alloc(0), false)
    using client = await frameClient(at.port)
    await expect.poll(() => client.frames.some((one) => one.type === type.window)).toBe(true)
    client.send(headers(1, asking('POST')))
    const content = frame(data, 0, 1, Buffer.alloc(16_000))
    client.send(...Array.from({ length: 16 }, () => content))
    await expect.poll(at.inFlight).toBe('1')
    await expect.poll(() => at.endpoint.taken.some((one) => one.stream === 1)).toBe(true)
    client.send(reset(1, 0))
    await expect.poll(at.inFlight).toBe('0')
    at.endpoint.send(headers(1, status('200')))
    client.send(headers(3, asking('CONNECT'), true))
    expect(await client.ended(3)).toContain(type.headers)
  },
  limitMs,
)

test('a session that begins to end before it is used is not used, but another one', async () => {
  await using endpoint = await frameEndpoint(() => Buffer.alloc(0))
  const sessions = new EndpointSessions(new Parked(1_000_000))
  const place = { identity: 'a', ip: '127.0.0.1', port: endpoint.port }
  const open = () =>
    new Promise((resolve) => void sessions.open(place, (ask) => resolve(ask?.({}, {})), undefined))
  // it keeps the session
  expect(await open()).toBeDefined()
  const second = open()
  sessions.close()
  expect(await second).toBeDefined()
  expect(endpoint.connections()).toBe(2)
})

test(
  'what a service says twice, or with a status that there is not, goes on by HTTP/2 as well',
  async () => {
    let answer = ''
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', () => void socket.write(answer))
    })
    const port = await listeningOn(server)
    await using proxy = await secured()
    proxy.catalog.set(catalogOf([instance({ port, routes })]))
    for (const [line, lines] of [
      ['200 OK', 'X-Content-Type-Options: nosniff\r\nX-Content-Type-Options: nosniff\r\n'],
      ['200 OK', 'Content-Type: a/b\r\nContent-Type: a/b\r\n'],
      ['200 OK', 'HTTP2-Settings: a\r\nConstructor: b\r\n'],
      ['999 Odd', ''],
    ]) {
      answer = `HTTP/1.1 ${line}\r\n${lines}Connection: close\r\nContent-Length: 0\r\n\r\n`
      using client = await frameClient(proxy.ports.get('https') ?? 0)
      client.send(headers(1, asking('GET'), true))
      expect(await client.ended(1)).toEqual([type.headers])
    }
    await closed(server)
  },
  limitMs,
)
