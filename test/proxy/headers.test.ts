import { expect, test } from 'vitest'

import { backend, bed, catalogOf, echo, instance } from './bed.ts'
import { client, scripted } from './scripted.ts'

type Seen = { url: string; headers: Record<string, string> }

async function seenBy(
  headers: Record<string, string>,
  {
    trust = [],
    path = '/',
    policy = {},
    middlewares = [],
  }: {
    trust?: string[]
    path?: string
    policy?: object
    middlewares?: string[]
  } = {},
): Promise<Seen> {
  await using service = await echo()
  await using proxy = await bed({ trust })
  const routes = [{ rule: 'Host(`shop.test`)', middlewares }]
  const full = { ...instance().policy, ...policy }
  proxy.catalog.set(catalogOf([instance({ port: service.port, routes, policy: full })]))
  return JSON.parse((await proxy.get(path, { headers })).body)
}

test('the client’s Host is kept, and forwarding headers say who asked', async () => {
  const { headers } = await seenBy({})
  expect(headers).toMatchObject({
    host: 'shop.test',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-host': 'shop.test',
    'x-forwarded-proto': 'http',
    'x-forwarded-port': expect.stringMatching(/^\d+$/),
    'x-real-ip': '127.0.0.1',
    'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    forwarded: 'for=127.0.0.1;host="shop.test";proto=http',
    via: expect.stringMatching(/^1\.1 portolan/),
  })
})

const claims = {
  'x-forwarded-for': '1.2.3.4',
  'x-forwarded-host': 'evil.test',
  'x-forwarded-proto': 'https',
  'x-forwarded-user': 'root',
  x_forwarded_for: '1.2.3.4',
  'x-real-ip': '1.2.3.4',
  forwarded: 'for=1.2.3.4',
  'x-request-id': 'mine',
}

test('what a stranger claims about itself is overwritten', async () => {
  const { headers } = await seenBy(claims)
  expect(JSON.stringify(headers)).not.toMatch(/1\.2\.3\.4|evil|root|mine/)
  expect(headers['x-forwarded-proto']).toBe('http')
})

test('what a trusted proxy says is kept, and we are added', async () => {
  const { headers } = await seenBy(claims, { trust: ['127.0.0.0/8'] })
  expect(headers).toMatchObject({
    'x-forwarded-for': '1.2.3.4, 127.0.0.1',
    'x-forwarded-host': 'evil.test',
    'x-forwarded-proto': 'https',
    'x-real-ip': '1.2.3.4',
    forwarded: 'for=1.2.3.4, for=127.0.0.1;host="shop.test";proto=http',
    'x-request-id': 'mine',
  })
})

const trust = ['127.0.0.0/8']

test('a trusted proxy that says it in one way only is understood by who reads the other', async () => {
  const older = await seenBy(
    { 'x-forwarded-for': '1.2.3.4, 2001:db8::1, x', 'x-forwarded-proto': 'https' },
    { trust },
  )
  expect(older.headers).toMatchObject({
    'x-forwarded-for': '1.2.3.4, 2001:db8::1, x, 127.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-port': '443',
    forwarded:
      'for=1.2.3.4;proto=https, for="[2001:db8::1]", for=unknown, for=127.0.0.1;host="shop.test";proto=http',
  })
  const told =
    'for="[2001:db8::1]:5";Proto=HTTPS;host="a.test:444", by=x;for=_hidden, For=9.8.7.6:5'
  const newer = await seenBy({ forwarded: told }, { trust })
  expect(newer.headers).toMatchObject({
    'x-forwarded-for': '2001:db8::1, 9.8.7.6, 127.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'a.test:444',
    'x-forwarded-port': '444',
    forwarded: `${told}, for=127.0.0.1;host="shop.test";proto=http`,
  })
})

test('what a middleware says of the way is said in both ways', async () => {
  const headers = { request: { 'X-Forwarded-Proto': 'https' }, response: {} }
  const more = { policy: { middlewares: { tls: { headers } } }, middlewares: ['tls'] }
  const seen = await seenBy({}, more)
  expect(seen.headers).toMatchObject({
    'x-forwarded-proto': 'https',
    forwarded: 'proto=https, for=127.0.0.1;host="shop.test";proto=http',
  })
})

test('no value of a trusted proxy gets into the other header as more than a value', async () => {
  const { headers } = await seenBy(
    { forwarded: `for="1.2.3.4, 6.6.6.6";host="a;b";proto="x y", for="${'\\"'.repeat(900)}` },
    { trust },
  )
  expect(headers).toMatchObject({
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-host': 'shop.test',
    'x-forwarded-proto': 'http',
  })
})

test('headers of one hop go no further, in neither direction', async () => {
  const { headers } = await seenBy({
    connection: 'x-secret, close',
    'x-secret': '1',
    te: 'trailers',
    'proxy-authorization': 'x',
    'keep-alive': 'timeout=1',
  })
  for (const name of ['x-secret', 'te', 'proxy-authorization']) {
    expect(headers).not.toHaveProperty(name)
  }
  await using service = await backend((_, response) => {
    response.writeHead(200, { connection: 'x-inner', 'x-inner': '1', 'proxy-authenticate': 'x' })
    response.end()
  })
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const answer = await proxy.get()
  expect(answer.headers).not.toHaveProperty('x-inner')
  expect(answer.headers).not.toHaveProperty('proxy-authenticate')
  expect(answer.headers.via).toBe('1.1 portolan')
})

test('a request that comes back to us is cut with 508', async () => {
  await using one = await bed()
  await using two = await bed()
  // each takes the other for a service
  one.catalog.set(catalogOf([instance({ port: two.port })]))
  two.catalog.set(catalogOf([instance({ port: one.port })]))
  expect((await one.get()).status).toBe(508)
})

test('a prefix is stripped and told, the query stays', async () => {
  const policy = { middlewares: { strip: { stripPrefix: ['/api'] } } }
  const more = { policy, middlewares: ['strip'] }
  const inner = await seenBy({}, { ...more, path: '/api/x?q=/api' })
  expect([inner.url, inner.headers['x-forwarded-prefix']]).toEqual(['/x?q=/api', '/api'])
  expect((await seenBy({}, { ...more, path: '/api' })).url).toBe('/')
  expect((await seenBy({}, { ...more, path: '/api?q' })).url).toBe('/?q')
})

test('routing and forwarding use one path: dots are resolved, other escapes stay', async () => {
  expect((await seenBy({}, { path: '/a/../b/./%63%2F%2e%2e/d' })).url).toBe('/b/c%2F../d')
  expect((await seenBy({}, { path: '/x/%2e%2e/y' })).url).toBe('/y')
  expect((await seenBy({}, { path: '//a//b?' })).url).toMatch(/^\/\/a\/\/b/)
})

test('without passHost the endpoint gets its own address', async () => {
  const { headers } = await seenBy({}, { policy: { passHost: false } })
  expect(headers['host']).toMatch(/^127\.0\.0\.1:\d+$/)
  expect(headers['x-forwarded-host']).toBe('shop.test')
})

test('of two prefixes that both fit, the one that ends with a segment is stripped', async () => {
  const policy = { middlewares: { strip: { stripPrefix: ['/api', '/api2'] } } }
  const more = { policy, middlewares: ['strip'] }
  expect((await seenBy({}, { ...more, path: '/api2/x' })).url).toBe('/x')
  expect((await seenBy({}, { ...more, path: '/api/x' })).url).toBe('/x')
})

for (const [what, said, middlewares, found] of [
  [
    'the time of an answer that has none is said by us',
    '',
    [],
    /\r\ndate: [A-Z][a-z]{2}, .* GMT\r\n/,
  ],
  ['behind middlewares, too', '', ['small'], /\r\ndate: [A-Z][a-z]{2}, .* GMT\r\n/i],
  ['an endpoint’s own time stays', 'dAte: yesterday\r\n', [], /\r\ndAte: yesterday\r\n/],
] as const) {
  test(what, async () => {
    const answer = `HTTP/1.1 200 OK\r\n${said}Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nok`
    await using service = await scripted((socket) => void socket.write(answer))
    await using proxy = await bed()
    const compress = {
      compress: { encodings: ['gzip'], minBytes: 1, includeTypes: [], excludeTypes: [] },
    }
    const policy = { ...instance().policy, middlewares: { small: compress } }
    const routes = [{ rule: 'Host(`shop.test`)', middlewares: [...middlewares] }]
    proxy.catalog.set(catalogOf([instance({ port: service.port, routes, policy })]))
    using asking = await client(proxy.port)
    asking.write('GET / HTTP/1.1\r\nHost: shop.test\r\nAccept-Encoding: gzip\r\n\r\n')
    const text = await asking.until('\r\n\r\n')
    expect(text).toMatch(found)
    expect(text.match(/\r\ndate:/gi)).toHaveLength(1)
  })
}
