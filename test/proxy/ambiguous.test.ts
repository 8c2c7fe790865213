import { afterAll, beforeAll, expect, test } from 'vitest'

import { backend, bed, catalogOf, instance, raw } from './bed.ts'

const seen: string[] = []
const service = await backend((request, response) => {
  seen.push(`${request.method} ${request.url}`)
  request.resume()
  response.end('reached')
})
const proxy = await bed()

beforeAll(() => proxy.catalog.set(catalogOf([instance({ port: service.port })])))
afterAll(async () => {
  await proxy.stop()
  await service.close()
})

const host = 'Host: shop.test\r\n'
for (const [sentence, bytes, status] of [
  ['two Host headers', `GET / HTTP/1.1\r\n${host}Host: other.test\r\n\r\n`, 400],
  ['the same Host twice', `GET / HTTP/1.1\r\n${host}${host}\r\n`, 400],
  ['no Host in HTTP/1.1', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n', 400],
  ['a Host with a user', 'GET / HTTP/1.1\r\nHost: a@shop.test\r\n\r\n', 400],
  ['a Host with a path', 'GET / HTTP/1.1\r\nHost: shop.test/x\r\n\r\n', 400],
  ['two hosts in one Host', 'GET / HTTP/1.1\r\nHost: shop.test, other.test\r\n\r\n', 400],
  ['an absolute target of another host', `GET http://other.test/ HTTP/1.1\r\n${host}\r\n`, 400],
  [
    'length and coding together',
    `POST / HTTP/1.1\r\n${host}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    'two lengths',
    `POST / HTTP/1.1\r\n${host}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc`,
    400,
  ],
  [
    'one length twice',
    `POST / HTTP/1.1\r\n${host}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`,
    400,
  ],
  ['a length with a sign', `POST / HTTP/1.1\r\n${host}Content-Length: +3\r\n\r\nabc`, 400],
  ['a length with a leading zero', `POST / HTTP/1.1\r\n${host}Content-Length: 03\r\n\r\nabc`, 400],
  [
    'a coding that is not chunked',
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    501,
  ],
  [
    'chunked twice',
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    'a coding in HTTP/1.0',
    `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ['a space before the colon', `GET / HTTP/1.1\r\n${host}X-A : b\r\n\r\n`, 400],
  ['a folded header', `GET / HTTP/1.1\r\n${host}X-A: b\r\n c\r\n\r\n`, 400],
  ['bare line feeds', 'GET / HTTP/1.1\nHost: shop.test\n\n', 400],
  ['a backslash in the target', `GET /a\\b HTTP/1.1\r\n${host}\r\n`, 400],
  ['a fragment in the target', `GET /a#b HTTP/1.1\r\n${host}\r\n`, 400],
  ['a target without a slash', `GET a HTTP/1.1\r\n${host}\r\n`, 400],
  ['a raw umlaut in the target', `GET /\u00fc HTTP/1.1\r\n${host}\r\n`, 400],
  ['a star for GET', `GET * HTTP/1.1\r\n${host}\r\n`, 400],
  ['TRACE', `TRACE / HTTP/1.1\r\n${host}\r\n`, 405],
  [
    'an unknown expectation',
    `POST / HTTP/1.1\r\n${host}Expect: magic\r\nContent-Length: 1\r\n\r\na`,
    417,
  ],
  ['300 headers', `GET / HTTP/1.1\r\n${host}${'X-A: b\r\n'.repeat(300)}\r\n`, 431],
  ['a huge head', `GET / HTTP/1.1\r\n${host}X-A: ${'b'.repeat(70_000)}\r\n\r\n`, 431],
] as const) {
  test(`${sentence}: ${status}, and no endpoint sees it`, async () => {
    seen.length = 0
    const answer = await raw(proxy.port, bytes)
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(seen).toEqual([])
  })
}

test('CONNECT is not served', async () => {
  const answer = await raw(proxy.port, `CONNECT a:1 HTTP/1.1\r\n${host}\r\n`)
  expect(answer).not.toContain('200')
})

test('an absolute target of the same host is served by its path', async () => {
  seen.length = 0
  const answer = await raw(proxy.port, `GET http://shop.test/x?y HTTP/1.1\r\n${host}\r\n`)
  expect(answer).toContain('reached')
  expect(seen).toEqual(['GET /x?y'])
})

test('OPTIONS * is answered here', async () => {
  expect(await raw(proxy.port, `OPTIONS * HTTP/1.1\r\n${host}\r\n`)).toMatch(/^HTTP\/1.1 204 /)
})

test('an upgrade to something else than WebSocket is an ordinary request', async () => {
  const upgrade =
    'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'
  expect(await raw(proxy.port, `GET /plain HTTP/1.1\r\n${host}${upgrade}\r\n`)).toContain('reached')
})

test('a chunked DELETE keeps its framing, so that its body is no request of its own', async () => {
  seen.length = 0
  const inner = 'GET /smuggled HTTP/1.1\r\nHost: shop.test\r\n\r\n'
  const chunk = `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`
  await raw(proxy.port, `DELETE /x HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n${chunk}`)
  expect(seen).toEqual(['DELETE /x'])
})

test('two requests that come in one piece are answered in order', async () => {
  seen.length = 0
  await raw(proxy.port, `GET /1 HTTP/1.1\r\n${host}\r\nGET /2 HTTP/1.1\r\n${host}\r\n`)
  expect(seen).toEqual(['GET /1', 'GET /2'])
})
