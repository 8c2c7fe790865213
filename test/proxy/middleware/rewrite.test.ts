import { expect, test } from 'vitest'

import { answerOf, linesOf, passed, requestOf, seen } from './drafts.ts'

/** The path that an endpoint gets, and what is said of it. */
async function pathOf(middleware: object, path: string) {
  const { request, answer } = await passed([middleware], requestOf({ path }))
  expect(answer).toBeUndefined()
  return request
}

for (const [what, middleware, path, expected] of [
  ['a prefix is taken off', { stripPrefix: ['/api'] }, '/api/x', '/x'],
  ['of prefixes the one on a boundary', { stripPrefix: ['/a', '/ab'] }, '/ab/x', '/x'],
  ['a whole path leaves the root', { stripPrefix: ['/api'] }, '/api', '/'],
  ['a prefix in another form is the same', { stripPrefix: ['/%61pi'] }, '/api/x', '/x'],
  ['no prefix, no change', { stripPrefix: ['/api'] }, '/x/api', '/x/api'],
  ['what is left is resolved', { stripPrefix: ['/a'] }, '/a%2F../b', '/%2F../b'],
  ['an expression at the beginning', { stripPrefixRegex: ['/v[0-9]+'] }, '/v12/x', '/x'],
  ['not one further on', { stripPrefixRegex: ['/v[0-9]+'] }, '/a/v12/x', '/a/v12/x'],
  ['the first that fits', { stripPrefixRegex: ['/w', '^/v.'] }, '/v1x', '/x'],
  ['a prefix is put before', { addPrefix: '/app' }, '/x', '/app/x'],
  ['and gets its slash', { addPrefix: 'app' }, '/x', '/app/x'],
  ['dots in it are resolved', { addPrefix: '/a/..' }, '/x', '/x'],
  ['a path is replaced', { replacePath: '/only' }, '/x', '/only'],
  [
    'groups are filled in',
    { replacePathRegex: { regex: '^/a/(.*)', replacement: '/b/$1' } },
    '/a/x/y',
    '/b/x/y',
  ],
  [
    'names and braces, too, and what is not there is empty',
    { replacePathRegex: { regex: '^/(?P<n>\\w+)', replacement: '/${n}-$n$$$9${1}' } },
    '/q',
    '/q-q$q',
  ],
  [
    '$1x is a name of its own',
    { replacePathRegex: { regex: '^/(.)', replacement: '/$1x' } },
    '/q',
    '/',
  ],
  [
    'dots that a replacement makes are resolved',
    { replacePathRegex: { regex: '^/(.*)/(.*)', replacement: '/$1/%2e%2e/$2' } },
    '/a/b',
    '/b',
  ],
  [
    'what has no place in a path is escaped',
    { replacePathRegex: { regex: '^/(.*)', replacement: '/ä?b#c d%$1' } },
    '/zz',
    '/%C3%A4%3Fb%23c%20d%25zz',
  ],
] as const) {
  test(`path: ${what}`, async () => {
    expect((await pathOf(middleware, path)).path).toBe(expected)
  })
}

test('a changed path is told, and the client can not tell it', async () => {
  const stripped = await pathOf({ stripPrefix: ['/api'] }, '/api/x')
  expect(stripped.headers.all('x-forwarded-prefix')).toEqual(['/api'])
  const replaced = await passed(
    [{ replacePath: '/a' }],
    requestOf({ path: '/x', headers: { 'X-Replaced-Path': '/lie' } }),
  )
  expect(replaced.request.headers.all('x-replaced-path')).toEqual(['/x'])
})

for (const [what, options, request, status, location] of [
  ['to https', { scheme: 'https' }, {}, 302, 'https://shop.test/a?b=1'],
  ['for good', { scheme: 'https', permanent: true }, {}, 301, 'https://shop.test/a?b=1'],
  ['a POST keeps its method', { scheme: 'https' }, { method: 'POST' }, 307, undefined],
  ['for good', { scheme: 'https', permanent: true }, { method: 'PUT' }, 308, undefined],
  ['to a port', { scheme: 'https', port: 8443 }, {}, 302, 'https://shop.test:8443/a?b=1'],
  ['to its usual port', { scheme: 'https', port: 443 }, {}, 302, 'https://shop.test/a?b=1'],
  [
    'without the old port',
    { scheme: 'https' },
    { authority: 'shop.test:8080' },
    302,
    'https://shop.test/a?b=1',
  ],
  ['of an IPv6 host', { scheme: 'https' }, { authority: '[::1]:80' }, 302, 'https://[::1]/a?b=1'],
] as const) {
  test(`redirect ${what}: ${status}`, async () => {
    const asked = requestOf({ path: '/a', query: '?b=1', ...request })
    const { answer, headers } = await passed([{ redirectScheme: options }], asked)
    expect(answer?.status).toBe(status)
    if (location !== undefined) expect(headers.get('location')).toBe(location)
  })
}

test('what has the scheme already goes on', async () => {
  const { answer } = await passed(
    [{ redirectScheme: { scheme: 'https' } }],
    requestOf({ scheme: 'https' }),
  )
  expect(answer).toBeUndefined()
})

test('a redirect by expression sees the whole URL, and goes on when nothing would change', async () => {
  const options = { regex: '^http://www\\.(.*)', replacement: 'https://$1' }
  const at = (host: string) =>
    passed([{ redirectRegex: options }], requestOf({ host, path: '/a', query: '?b' }))
  const { answer, headers } = await at('www.shop.test')
  expect([answer?.status, headers.get('location')]).toEqual([302, 'https://shop.test/a?b'])
  expect((await at('shop.test')).answer).toBeUndefined()
  const same = { redirectRegex: { regex: '.*', replacement: '$0' } }
  expect((await passed([same])).answer).toBeUndefined()
})

test('nothing gets into a Location that ends its line', async () => {
  const options = { regex: '.*', replacement: 'https://x/\r\nSet-Cookie: ä' }
  const { headers } = await passed([{ redirectRegex: options }])
  expect(headers.get('location')).toMatch(/^https:\/\/x\/%0D%0ASet-Cookie:%20%C3%A4$/)
})

test('headers are set and taken off, both ways', async () => {
  const options = {
    request: { 'X-A': 'é', Cookie: '', Host: 'other.test' },
    response: { 'X-B': '2', Server: '' },
  }
  const request = requestOf({ headers: { 'x-a': 'theirs', cookie: 'c=1', Accept: '*/*' } })
  await passed([{ headers: options }], request)
  expect(request.headers.pairs()).toEqual(['Accept', '*/*', 'X-A', 'Ã©'])
  expect(request.authority).toBe('other.test')
  const { answer } = await seen([{ headers: options }], answerOf(200, { server: 'x', 'x-b': '1' }))
  expect(answer.headers.pairs()).toEqual(['X-B', '2'])
})

test('a header for answers by https is in no other one', async () => {
  const secureResponse = { 'X-S': '1', 'X-B': '1' }
  const options = { request: {}, response: { 'X-B': '2' }, secureResponse }
  const to = async (scheme: 'http' | 'https') => {
    const { answer } = await seen([{ headers: options }], answerOf(200), requestOf({ scheme }))
    return answer.headers.pairs()
  }
  expect(await to('https')).toEqual(['X-S', '1', 'X-B', '2'])
  expect(await to('http')).toEqual(['X-B', '2'])
})

const shop = 'https://a.test'
const options = {
  origins: [shop],
  originRegexes: ['^https://[a-z]+\\.b\\.test$'],
  methods: ['GET', 'PUT'],
  headers: ['X-A', 'X-B'],
  exposeHeaders: ['X-C'],
  credentials: true,
  maxAge: 100,
}

test('a preflight is answered', async () => {
  const headers = { Origin: shop, 'Access-Control-Request-Method': 'PUT' }
  const { answer } = await passed([{ cors: options }], requestOf({ method: 'OPTIONS', headers }))
  expect(answer?.status).toBe(200)
  expect(answer?.headers).toEqual([
    'Access-Control-Allow-Origin',
    shop,
    'Access-Control-Allow-Credentials',
    'true',
    'Access-Control-Allow-Methods',
    'GET,PUT',
    'Access-Control-Allow-Headers',
    'X-A,X-B',
    'Access-Control-Max-Age',
    '100',
    'Vary',
    'Origin',
  ])
})

test('an OPTIONS that is no preflight goes on', async () => {
  const asked = requestOf({ method: 'OPTIONS', headers: { Origin: shop } })
  expect((await passed([{ cors: options }], asked)).answer).toBeUndefined()
})

for (const [origin, list, expected, vary] of [
  [shop, options, shop, 'Accept, Origin'],
  ['https://x.b.test', options, 'https://x.b.test', 'Accept, Origin'],
  ['https://x.b.test.evil', options, undefined, 'Accept, Origin'],
  ['null', options, undefined, 'Accept, Origin'],
  ['https://c.test', { origins: ['*'] }, '*', 'Accept'],
  ['https://c.test', { origins: ['*'], vary: true }, '*', 'Accept, Origin'],
] as const) {
  test(`the origin ${origin} is ${expected === undefined ? 'not ' : ''}let in`, async () => {
    const request = requestOf({ headers: { Origin: origin } })
    const given = { Vary: 'Accept', 'Access-Control-Allow-Origin': 'https://service.test' }
    const { answer } = await seen([{ cors: list }], answerOf(200, given), request)
    const theirs = given['Access-Control-Allow-Origin']
    expect(answer.headers.get('access-control-allow-origin')).toBe(expected ?? theirs)
    expect(answer.headers.get('vary')).toBe(vary)
  })
}

test('header lines keep their order, their case and their repetitions', () => {
  const lines = linesOf({ 'X-A': '1' })
  lines.append('x-a', '2')
  lines.append('Y', '3')
  expect(lines.pairs()).toEqual(['X-A', '1', 'x-a', '2', 'Y', '3'])
  expect([lines.get('X-a'), lines.all('x-A'), lines.get('z')]).toEqual([
    '1, 2',
    ['1', '2'],
    undefined,
  ])
  lines.set('X-A', '4')
  expect(lines.pairs()).toEqual(['Y', '3', 'X-A', '4'])
})

test('no value ends the line that it stands on', async () => {
  const lines = linesOf({ 'X-A': 'b\r\nX-C: d\0\u007f', 'X-E': 'ü\tü' })
  expect(lines.pairs()).toEqual(['X-A', 'b  X-C: d  ', 'X-E', 'ü\tü'])
})
