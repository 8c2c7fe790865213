import { afterAll, beforeAll, expect, test } from 'vitest'

import { bed, catalogOf, instance } from '../bed.ts'
import { type Arrived, get, host, ok, wireClient, wireEndpoint } from './wire.ts'

/** What the endpoint answers to `/bad`; after that it keeps the connection open. */
let answer = ''
const service = await wireEndpoint(({ socket, text }, piece) => {
  if (/^\w+ \/bad/.test(piece)) socket.write(answer, 'latin1')
  else if (/^\w+ \/ok/.test(piece))
    socket.write(ok('good', text.length > piece.length ? 'Again: yes\r\n' : ''))
})
const proxy = await bed()

beforeAll(() => proxy.catalog.set(catalogOf([instance({ port: service.port })])))
afterAll(async () => {
  await proxy.stop()
  await service[Symbol.asyncDispose]()
})

/** The connection that brought the last `/bad`. */
function bearer(): Arrived | undefined {
  return service.all.findLast(({ text }) => text.includes('/bad'))
}

const line = 'HTTP/1.1 200 OK\r\n'
const chunked = 'Transfer-Encoding: chunked\r\n'

const refused: readonly (readonly [sentence: string, bytes: string, method?: string])[] = [
  ['length and coding', `${line}Content-Length: 5\r\n${chunked}\r\n0\r\n\r\n`],
  ['coding and length', `${line}${chunked}Content-Length: 5\r\n\r\n0\r\n\r\n`],
  ['two lengths', `${line}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`],
  ['one length twice', `${line}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
  ['a list of lengths', `${line}Content-Length: 5, 5\r\n\r\nhello`],
  ['a length with a sign', `${line}Content-Length: +5\r\n\r\nhello`],
  ['a negative length', `${line}Content-Length: -5\r\n\r\nhello`],
  ['a length that is no number', `${line}Content-Length: five\r\n\r\nhello`],
  ['an empty length', `${line}Content-Length:\r\n\r\nhello`],
  ['a length beyond 2^53', `${line}Content-Length: 9007199254740993\r\n\r\nhello`],
  ['chunked twice', `${line}${chunked}${chunked}\r\n0\r\n\r\n`],
  ['chunked and then gzip', `${line}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`],
  ['an unknown coding', `${line}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ['a coding with a vertical tab', `${line}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
  ['a coding in HTTP/1.0', `HTTP/1.0 200 OK\r\n${chunked}\r\n0\r\n\r\n`],
  ['a bad first chunk', `${line}${chunked}\r\n0x5\r\nhello\r\n0\r\n\r\n`],
  ['a 204 with a body', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello'],
  ['a 204 with chunks', `HTTP/1.1 204 No Content\r\n${chunked}\r\n0\r\n\r\n`],
  ['a 304 with a body', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello'],
  ['a HEAD with a body', `${line}Content-Length: 5\r\n\r\nhello`, 'HEAD'],
  ['an upgrade that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
  ['interim answers without end', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100)],
  ['an interim answer that is malformed', `HTTP/1.1 100 Continue\r\nA : b\r\n\r\n${line}\r\n`],
  ['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n'],
  ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
  ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n'],
  ['ICY', 'ICY 200 OK\r\n\r\n'],
  ['http in lower case', 'http/1.1 200 OK\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['a status below 100', 'HTTP/1.1 099 Low\r\n\r\n'],
  ['two spaces before the status', 'HTTP/1.1  200 OK\r\n\r\n'],
  ['NUL in the reason', 'HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n'],
  ['an empty line before', `\r\n${line}Content-Length: 0\r\n\r\n`],
  ['a space before the colon', `${line}Content-Length : 5\r\n\r\nhello`],
  ['a space before the first name', `${line} A: b\r\nContent-Length: 0\r\n\r\n`],
  ['a folded header', `${line}A: b\r\n c\r\nContent-Length: 0\r\n\r\n`],
  ['an empty name', `${line}: b\r\nContent-Length: 0\r\n\r\n`],
  ['no colon', `${line}A\r\nContent-Length: 0\r\n\r\n`],
  ['NUL in a value', `${line}A: b\0\r\nContent-Length: 0\r\n\r\n`],
  ['a bare CR in a value', `${line}A: b\rSet-Cookie: c\r\nContent-Length: 0\r\n\r\n`],
  ['a bare LF in a value', `${line}A: b\nSet-Cookie: c\r\nContent-Length: 0\r\n\r\n`],
  ['bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
  ['a huge header', `${line}A: ${'b'.repeat(40_000)}\r\n\r\n`],
  ['a huge head', `${line}${`A: ${'b'.repeat(1000)}\r\n`.repeat(80)}\r\n`],
  ['300 headers', `${line}${'A: b\r\n'.repeat(300)}\r\n`],
]
for (const [sentence, bytes, method = 'GET'] of refused) {
  test(`${sentence}: 502, and the connection is never used again`, async () => {
    answer = bytes
    using client = wireClient(proxy.port)
    client.send(`${method} /bad HTTP/1.1\r\n${host}\r\n`)
    await client.until(/^(HTTP\/1.1 103 [^]*)?HTTP\/1.1 502 [^]*\r\n\r\n/)
    await expect.poll(() => bearer()?.isClosed).toBe(true)
    client.send(get('/ok'))
    expect(await client.until(/good$/)).not.toMatch(/hello|Again|Set-Cookie/)
  })
}

const cut: readonly (readonly [sentence: string, content: string])[] = [
  ['no size', '\r\n'],
  ['a prefix', '0x5\r\nhello\r\n0\r\n\r\n'],
  ['a sign', '+5\r\nhello\r\n0\r\n\r\n'],
  ['a space behind the size', '5 \r\nhello\r\n0\r\n\r\n'],
  ['a size beyond 2^64', '10000000000000005\r\nhello\r\n0\r\n\r\n'],
  ['more than the size says', '4\r\nhello\r\n0\r\n\r\n'],
  ['less than the size says', '6\r\nhello\r\n0\r\n\r\n'],
  ['a bare LF behind the size', '5\nhello\r\n0\r\n\r\n'],
  ['a bare LF at the end', '0\r\n\n'],
  ['a huge extension', `5;${'a'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`],
  ['a line feed in an extension', '5;a\nb\r\nhello\r\n0\r\n\r\n'],
  ['huge trailers', `0\r\n${'A: b\r\n'.repeat(10_000)}\r\n`],
  ['a malformed trailer', '0\r\nA : b\r\n\r\n'],
]
for (const [sentence, content] of cut) {
  test(`a chunk with ${sentence} after good ones: no end reaches the client`, async () => {
    answer = `${line}${chunked}\r\n5\r\nfirst\r\n`
    using client = wireClient(proxy.port)
    client.send(get('/bad'))
    await client.until(/first\r\n$/)
    bearer()?.socket.write(content)
    expect(await client.closed()).not.toMatch(/0\r\n\r\n$/)
    await expect.poll(() => bearer()?.isClosed).toBe(true)
  })
}

const evil = ok('evil')
const followed: readonly (readonly [
  sentence: string,
  bytes: string,
  method: string,
  last: RegExp,
])[] = [
  ['an answer of counted length', ok('whole'), 'GET', /whole$/],
  ['chunks', `${line}${chunked}\r\n5\r\nwhole\r\n0\r\n\r\n`, 'GET', /whole\r\n0\r\n\r\n$/],
  ['a body without bytes', ok(''), 'GET', /\r\n\r\n$/],
]
for (const [sentence, bytes, method, last] of followed) {
  test(`what comes at once behind ${sentence} is nobody's`, async () => {
    answer = bytes + evil
    using client = wireClient(proxy.port)
    client.send(`${method} /bad HTTP/1.1\r\n${host}\r\n`)
    await client.until(last)
    await expect.poll(() => bearer()?.isClosed).toBe(true)
    client.send(get('/ok'))
    expect(await client.until(/good$/)).not.toMatch(/evil|Again/)
  })
}

test('what comes later on an idle connection is nobody’s', async () => {
  for (const [method, bytes] of [
    ['GET', ok('whole')],
    ['HEAD', `${line}Content-Length: 5\r\n\r\n`],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ]) {
    answer = bytes ?? ''
    using client = wireClient(proxy.port)
    client.send(`${method} /bad HTTP/1.1\r\n${host}\r\n`)
    await client.until(/\r\n\r\n/)
    bearer()?.socket.write(`whole${evil}`)
    await expect.poll(() => bearer()?.isClosed).toBe(true)
    client.send(get('/ok'))
    expect(await client.until(/good$/)).not.toMatch(/evil|Again/)
  }
})

test('an early answer to a body that is still to come is delivered; both connections end', async () => {
  answer = ok('early')
  using client = wireClient(proxy.port)
  client.send(`POST /bad HTTP/1.1\r\n${host}Content-Length: 1000\r\n\r\nsome`)
  await client.until(/connection: close[^]*early$/)
  client.send(get('/ok'))
  expect(await client.closed()).not.toContain('good')
  await expect.poll(() => bearer()?.isClosed).toBe(true)
})

test('an early answer to a body that the endpoint does not take leaves its connection to nobody', async () => {
  answer = ok('early')
  using client = wireClient(proxy.port)
  const size = 30_000_000
  client.send(`POST /bad HTTP/1.1\r\n${host}Content-Length: ${size}\r\n\r\n`)
  await client.until(/early$/)
  client.send('x'.repeat(size))
  await client.closed()
  await expect.poll(() => bearer()?.isClosed).toBe(true)
})

test('an endpoint that ends in the middle: 502 in a head, a cut in a counted or chunked body', async () => {
  for (const [bytes, expected] of [
    ['HTTP/1.1 200 OK\r\nA: ', /^HTTP\/1.1 502 /],
    [`${line}Content-Length: 9\r\n\r\nhalf`, /half$/],
    [`${line}${chunked}\r\n4\r\nhalf\r\n`, /half\r\n$/],
  ] as const) {
    answer = bytes
    using client = wireClient(proxy.port)
    client.send(`POST /bad HTTP/1.1\r\n${host}Connection: close\r\nContent-Length: 1\r\n\r\na`)
    await expect.poll(() => bearer()?.text).toMatch(/a$/)
    if (!bytes.includes('A: ')) await client.until(/half/)
    bearer()?.socket.end()
    expect(await client.closed()).toMatch(expected)
  }
})

test('an answer that ends with its connection has an end for the client', async () => {
  for (const [version, expected] of [
    ['1.1', /\r\n\r\n5\r\nwhole\r\n0\r\n\r\n$/],
    ['1.0', /\r\n\r\nwhole$/],
  ] as const) {
    answer = `${line}\r\nwhole`
    using client = wireClient(proxy.port)
    client.send(`GET /bad HTTP/${version}\r\n${host}Connection: close\r\n\r\n`)
    await client.until(/whole/)
    bearer()?.socket.end()
    expect(await client.closed()).toMatch(expected)
  }
})
