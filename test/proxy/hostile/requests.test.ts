import { afterAll, beforeAll, expect, test } from 'vitest'

import { bed, catalogOf, instance } from '../bed.ts'
import { get, host, ok, spoken, wireClient, wireEndpoint } from './wire.ts'

/** Answers each head that it sees, whatever it may mean. */
const service = await wireEndpoint(({ socket }, piece) => {
  for (const [, method] of piece.matchAll(/^([A-Z]+) \S+ HTTP\/1.1$/gm)) {
    socket.write(method === 'HEAD' ? ok('served').slice(0, -6) : ok('served'))
  }
})
const proxy = await bed()

beforeAll(() => proxy.catalog.set(catalogOf([instance({ port: service.port })])))
afterAll(async () => {
  await proxy.stop()
  await service[Symbol.asyncDispose]()
})

/** All that the endpoint has seen. */
const seen = () => service.all.map(({ text }) => text).join('')

const post = `POST /evil HTTP/1.1\r\n${host}`
const start = `GET /evil HTTP/1.1\r\n${host}`
const last = '0\r\n\r\n'
const hidden = get('/evil/hidden')
const length = (value: string) => `${post}Content-Length: ${value}\r\n\r\nhello`
const coded = (value: string) => `${post}Transfer-Encoding: ${value}\r\n\r\n${last}`
const target = (value: string) => `GET ${value} HTTP/1.1\r\n${host}\r\n`
const headed = (lines: string) => `${start}${lines}\r\n`
const hosted = (line: string) => `GET /evil HTTP/1.1\r\n${line}\r\n\r\n`

const refused: readonly (readonly [status: number, ...requests: string[]])[] = [
  // two framings
  [
    400,
    `${post}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n${last}X`,
    `${post}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n${last}X`,
    `${post}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
    `${post}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
    `${post}Content-Length: 0\r\ncontent-length: ${hidden.length}\r\n\r\n${hidden}`,
  ],
  // lengths
  [
    400,
    ...['5, 5', '5, 6', '5,5', '+5', '-1', '-0', '0x5', '1_0', '5 5', '', '05', '00'].map(length),
  ],
  [
    400,
    ...['9007199254740993', '18446744073709551621', '5.0', '5e0', '\x0b5', '5\x0c'].map(length),
  ],
  // codings
  [400, ...['\x0bchunked', '\x0cchunked', '\0chunked', '\xa0chunked\xa0', ',chunked'].map(coded)],
  [400, ...['chunked,', 'chunked;p=1', 'identity', 'chunked, chunked', 'chunked, gzip'].map(coded)],
  [400, ...['', '"chunked"', 'chunked, identity', 'gzip chunked', 'chun ked'].map(coded)],
  [501, ...['xchunked', 'gzip', 'gzip, chunked', 'x'].map(coded)],
  [
    400,
    `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${last}`,
    `${post}Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n${last}`,
    `${post}Transfer-Encoding:\r\n chunked\r\n\r\n${last}`,
    `${post}Transfer-Encoding : chunked\r\n\r\n${last}`,
    `POST /evil HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n${last}`,
  ],
  // names and values
  [400, ...['A : b\r\n', 'A\t: b\r\n', ' A: b\r\n', '\tA: b\r\n', ': b\r\n', 'A\r\n'].map(headed)],
  [400, ...['A(: b\r\n', 'A\x80: b\r\n', '\xff: b\r\n', 'A\0: b\r\n', 'A;: b\r\n'].map(headed)],
  [400, ...['A: b\rC: d\r\n', 'A: b\0\r\n', 'A: b\nC: d\r\n', 'A: b\r\n c\r\n'].map(headed)],
  [400, ...['A: b\r\n\tc\r\n', 'A: \x01\r\n', 'A: \x7f\r\n', 'A: b\r\r\n'].map(headed)],
  [400, `GET /evil HTTP/1.1\nHost: shop.test\n\n`, `${start}\n`, `${start}A: b\n\r\n`],
  // versions
  [
    400,
    'GET /evil\r\n',
    `GET /evil HTTP/1.10\r\n${host}\r\n`,
    `GET /evil HTTP/01.1\r\n${host}\r\n`,
  ],
  [400, `GET /evil http/1.1\r\n${host}\r\n`, `GET /evil HTTP/1.1 \r\n${host}\r\n`],
  [400, `GET /evil HTTP/1.1\r\r\n${host}\r\n`, `GET /evil  HTTP/1.1\r\n${host}\r\n`],
  [400, `GET  /evil HTTP/1.1\r\n${host}\r\n`, `GET /evil\tHTTP/1.1\r\n${host}\r\n`],
  [505, `GET /evil HTTP/2.0\r\n${host}\r\n`, `GET /evil HTTP/1.2\r\n${host}\r\n`],
  [505, `GET /evil HTTP/0.9\r\n${host}\r\n`, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  // hosts
  [
    400,
    ...['Host:', 'Host: a@shop.test', 'Host: shop.test/evil', 'Host: shop.test, a'].map(hosted),
  ],
  [400, ...['Host: shop.test:port', 'Host: shop test', 'Host: shop.test#', 'X: y'].map(hosted)],
  [400, ...['Host: shop.test\r\nHost: shop.test', 'Host: [::1', 'Host: shop.test\\'].map(hosted)],
  // targets
  [
    400,
    ...['/evil#x', '/evil x', '/evil\\x', '/evil\xfc', '/evil\0', 'evil', '*', '?evil'].map(target),
  ],
  [
    400,
    ...['http://other.test/evil', 'http:///evil', 'http://', 'ftp://shop.test/evil'].map(target),
  ],
  [400, ...['http://a@shop.test/evil', 'http:/shop.test/evil', '//shop.test/e v'].map(target)],
  [414, target(`/evil/${'a'.repeat(20_000)}`)],
  // methods
  [405, `CONNECT shop.test:80 HTTP/1.1\r\n${host}\r\n`, `TRACE /evil HTTP/1.1\r\n${host}\r\n`],
  [400, `G ET /evil HTTP/1.1\r\n${host}\r\n`, `G(T /evil HTTP/1.1\r\n${host}\r\n`],
  [400, `${'G'.repeat(100)} /evil HTTP/1.1\r\n${host}\r\n`, `\0GET /evil HTTP/1.1\r\n${host}\r\n`],
  // expectations
  [417, ...['magic', '100-continue, magic', ''].map((value) => headed(`Expect: ${value}\r\n`))],
  // too much
  [431, headed(`A: ${'a'.repeat(40_000)}\r\n`), headed('A: b\r\n'.repeat(250))],
  [431, headed(`A: ${'a'.repeat(1000)}\r\n`.repeat(80)), headed(`${'a'.repeat(70_000)}: b\r\n`)],
]
for (const [status, ...requests] of refused) {
  for (const bytes of requests) {
    test(`${JSON.stringify(bytes.slice(0, 110))} is a ${status}, and nothing of it goes on`, async () => {
      const answer = await spoken(proxy.port, bytes + hidden)
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*connection: close\r\n`))
      expect(answer.split('HTTP/1.1 ').length).toBe(2)
      expect(seen()).not.toContain('evil')
    })
  }
}

const badChunks = [
  ['0x2e\r\n', '0_2e\r\n', '+1\r\na\r\n', '-1\r\na\r\n', ' 1\r\na\r\n', '1 \r\na\r\n', '\r\n'],
  ['10000000000000001\r\na', 'fffffffffffffffff\r\na', '1;\r\na\r\n', '1;a\nb\r\na\r\n'],
  ['1;a\rb\r\na\r\n', '1;a\0\r\na\r\n', `1;${'a'.repeat(65_536)}\r\na\r\n`, '1\r\nab\r\n'],
  ['1\r\na0\r\n\r\n', '1\na\n0\n\n', '0\r\n\n', '0\n\r\n', '5\r\nab\r\n0\r\n\r\n', '1;a="\r\n'],
  ['0\r\nA : b\r\n\r\n', '0\r\n A: b\r\n\r\n', `0\r\n${'A: b\r\n'.repeat(3000)}\r\n`, 'g\r\n'],
].flat()
for (const bad of badChunks) {
  test(`chunk ${JSON.stringify(bad.slice(0, 40))} ends both connections`, async () => {
    const before = service.all.length
    using client = wireClient(proxy.port)
    client.send(`PUT /chunks HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`)
    // the answer that comes early is held back by nobody: what matters is that nothing more is read
    await expect
      .poll(() =>
        service.all
          .slice(before)
          .map(({ text }) => text)
          .join(''),
      )
      .toMatch(/abc/)
    client.send(bad + hidden)
    await client.closed()
    await expect.poll(() => service.all.slice(before).every(({ isClosed }) => isClosed)).toBe(true)
    expect(seen()).not.toContain('evil')
  })
}

test('a body is never left to be taken for a request, whatever the method', async () => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'DELETE', 'PUT', 'POST', 'PROPFIND']) {
    const body = 'GET /inner HTTP/9.9\r\n\r\n'
    const request = `${method} /framed HTTP/1.1\r\n${host}Content-Length: ${body.length}\r\n\r\n${body}`
    using client = wireClient(proxy.port)
    client.send(request + get('/next', 'Connection: close\r\n'))
    const answers = (await client.closed()).split('HTTP/1.1 200').length - 1
    expect([method, answers]).toEqual([method, 2])
  }
})

test('OPTIONS * is answered here, and its body is no request', async () => {
  const framings = [
    `Content-Length: ${hidden.length}\r\n\r\n${hidden}`,
    `Transfer-Encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n${last}`,
  ]
  for (const framed of framings) {
    const answer = await spoken(proxy.port, `OPTIONS * HTTP/1.1\r\n${host}${framed}`)
    expect(answer).toMatch(/^HTTP\/1.1 204 [^]*connection: close/)
    expect(answer.split('HTTP/1.1 ').length).toBe(2)
    expect(seen()).not.toContain('evil')
  }
})

test('an upgrade that may not go on is stripped, and the request served', async () => {
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
  for (const [request, name] of [
    [`POST /up/post HTTP/1.1\r\n${host}${upgrade}Content-Length: 1\r\n\r\na`, '/up/post'],
    [`GET /up/old HTTP/1.0\r\n${host}${upgrade}\r\n`, '/up/old'],
    [get('/up/h2c', upgrade.replace('websocket', 'h2c')), '/up/h2c'],
    [get('/up/body', `${upgrade}Content-Length: 1\r\n`) + 'a', '/up/body'],
    [get('/up/unasked', 'Upgrade: websocket\r\n'), '/up/unasked'],
  ] as const) {
    using client = wireClient(proxy.port)
    client.send(request)
    await client.until(/served$/)
    const [head = ''] = seen().slice(seen().indexOf(name)).split('\r\n\r\n')
    expect(head).not.toMatch(/upgrade/i)
  }
})

test('escapes are passed on as they are, and dots are resolved for rule and endpoint alike', async () => {
  for (const [sent, passed] of [
    ['/t/%00', '/t/%00'],
    ['/t/%0d%0aA:%20b', '/t/%0d%0aA:%20b'],
    ['/t/a%2fb', '/t/a%2fb'],
    ['/t//a', '/t//a'],
    ['/t/a;x=1', '/t/a;x=1'],
    ['/t/x/../y', '/t/y'],
    ['/t/x/%2e%2E/z', '/t/z'],
    ['/t/../../w', '/w'],
    ['http://shop.test/t/abs', '/t/abs'],
  ]) {
    using client = wireClient(proxy.port)
    client.send(target(sent ?? ''))
    await client.until(/served$/)
    expect(seen()).toContain(`GET ${passed} HTTP/1.1\r\n`)
  }
})

test('trailers go no further, whatever they say', async () => {
  using client = wireClient(proxy.port)
  const trailers =
    'Content-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: a\r\nAuthorization: b\r\n'
  client.send(
    `PUT /trailers HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n${trailers}\r\n`,
  )
  await client.until(/served$/)
  await expect.poll(seen).toMatch(/PUT \/trailers [^]*1\r\na\r\n0\r\n\r\n/)
  expect(seen()).not.toMatch(/Authorization|Host: a\r/)
})
