import { expect, test } from 'vitest'

import { parseRule } from '../../src/core/rule/parse.ts'
import { nginxProxyDialect } from '../../src/registrator/dialects/nginx-proxy.ts'
import { factsOf } from '../../src/registrator/names.ts'
import { container, register, settings } from './containers.ts'

const tcp = (port: number) => ({ port, protocol: 'tcp', published: null }) as const
const udp = (port: number) => ({ port, protocol: 'udp', published: null }) as const

type Said = Readonly<Record<string, string>>

const variables = (said: Said) =>
  Object.fromEntries(Object.entries(said).map(([key, text]) => [envName(key), text]))
const envName = (key: string) =>
  /^(HTTPS_METHOD|NETWORK_ACCESS|CERT_NAME)$/.test(key) ? key : `VIRTUAL_${key}`

const declare = (said: Said, facts: Parameters<typeof container>[0] = {}) =>
  nginxProxyDialect(factsOf(container({ env: variables(said), ...facts })), settings)
const rules = (said: Said) => declare(said).routes.map(({ route }) => route.rule)

for (const [host, expected] of [
  ['a.example', ['Host(`a.example`)']],
  ['A.Example, b.example,,', ['Host(`a.example`)', 'Host(`b.example`)']],
  ['a.example,a.example', ['Host(`a.example`)']],
  ['*.a.example', ['Host(`**.a.example`)']],
  ['.a.example', ['Host(`a.example`)', 'Host(`**.a.example`)']],
  ['mail.*', [String.raw`HostRegexp(${'`'}^mail\..+$${'`'})`]],
  [String.raw`~^www\d+\.example`, [String.raw`HostRegexp(${'`'}^www\d+\.example${'`'})`]],
  ['~^WWW', ['HostRegexp(`(?i)^WWW`)']],
  ['', []],
] as const) {
  test(`VIRTUAL_HOST=${host}`, () => {
    expect(rules({ HOST: host })).toEqual(expected)
    expect(declare({ HOST: host }).problems).toEqual([])
    for (const rule of expected) expect(() => parseRule(rule)).not.toThrow()
  })
}

for (const [said, rule, act] of [
  [{}, '', {}],
  [{ PATH: '/' }, '', {}],
  [{ PATH: '/', DEST: '/' }, '', {}],
  [{ PATH: '/app1' }, ' && PathPrefix(`/app1`)', {}],
  [{ PATH: '/app1', DEST: '/' }, ' && PathPrefix(`/app1`)', { stripPrefix: ['/app1'] }],
  [{ PATH: '/app1', DEST: '/app1' }, ' && PathPrefix(`/app1`)', {}],
  [
    { PATH: '/app.1', DEST: '/v2' },
    ' && PathPrefix(`/app.1`)',
    { replacePathRegex: { regex: String.raw`^/app\.1(.*)`, replacement: '/v2$1' } },
  ],
  [{ DEST: '/v2/' }, '', { replacePathRegex: { regex: '^/(.*)', replacement: '/v2/$1' } }],
  [{ PATH: '= /x' }, ' && Path(`/x`)', {}],
  [{ PATH: '=/x', DEST: '/y' }, ' && Path(`/x`)', { replacePath: '/y' }],
  [{ PATH: '^~ /x' }, ' && PathPrefix(`/x`)', {}],
  [{ PATH: '~ ^/(a|b)/' }, ' && PathRegexp(`^/(a|b)/`)', {}],
  [{ PATH: '~^/(a|b)/' }, ' && PathRegexp(`^/(a|b)/`)', {}],
  [{ PATH: String.raw`~* \.php$` }, String.raw` && PathRegexp(${'`'}(?i)\.php$${'`'})`, {}],
] as const) {
  test(`VIRTUAL_PATH and VIRTUAL_DEST: ${JSON.stringify(said)}`, () => {
    const { routes, middlewares, problems } = declare({ HOST: 'a', ...said })
    expect(problems).toEqual([])
    expect(routes).toHaveLength(1)
    const [used] = routes.flatMap(({ route }) => route.middlewares)
    expect(routes[0]?.route.rule).toBe(`Host(\`a\`)${rule}`)
    expect(used === undefined ? {} : middlewares[used]).toEqual(act)
  })
}

test('a path that ends in a slash is found without it too, by a redirect', () => {
  const { routes, middlewares } = declare({ HOST: 'a', PATH: '/app1/', DEST: '/' })
  expect(routes.map(({ route }) => route.rule)).toEqual([
    'Host(`a`) && PathPrefix(`/app1/`)',
    'Host(`a`) && Path(`/app1`)',
  ])
  const acts = routes.map(({ route }) => middlewares[route.middlewares[0] ?? ''])
  expect(acts[0]).toEqual({ stripPrefix: ['/app1/'] })
  expect(acts[1]).toMatchObject({ redirectRegex: { replacement: '${1}/${2}', permanent: true } })
  const { redirectRegex } = { redirectRegex: { regex: '' }, ...acts[1] }
  const url = 'http://a/app1?to=/app1'
  expect(url.replace(new RegExp(redirectRegex.regex), '$1/$2')).toBe('http://a/app1/?to=/app1')
})

for (const [ports, said, expected, warned] of [
  [[tcp(3000)], {}, 3000, false],
  [[udp(53)], {}, 53, false],
  [[], {}, 80, false],
  [[tcp(80), tcp(443)], {}, 80, false],
  [[tcp(3000), udp(53)], {}, 80, true],
  [[tcp(3000), tcp(4000)], { PORT: '' }, 80, true],
  [[tcp(3000), tcp(4000)], { PORT: '4000' }, 4000, false],
  [[], { PORT: '4000' }, 4000, false],
] as const) {
  const exposed = ports.map(({ port, protocol }) => `${port}/${protocol}`).join(' ') || 'nothing'
  test(`exposed ${exposed}, ${JSON.stringify(said)}: port ${expected}`, () => {
    const { routes, problems } = declare({ HOST: 'a', ...said }, { ports: [...ports] })
    expect(routes.map(({ port }) => port)).toEqual([expected])
    expect(problems).toHaveLength(warned ? 1 : 0)
  })
}

test('the port is one instance, however many hosts lead to it', () => {
  const env = variables({ HOST: 'a,b', PORT: '4000' })
  const { instances } = register(container({ ports: [], env }))
  expect(instances.map(({ port, routes }) => [port, routes.length])).toEqual([[4000, 2]])
})

for (const [proto, scheme] of [
  ['http', 'http'],
  ['https', 'https'],
  ['grpc', 'h2c'],
  ['HTTPS', 'https'],
] as const) {
  test(`VIRTUAL_PROTO=${proto} is ${scheme}`, () => {
    const { instances } = register(container({ env: variables({ HOST: 'a', PROTO: proto }) }))
    expect(instances[0]?.protocol).toBe(scheme)
  })
}

for (const [method, entrypoints, toHttps] of [
  [undefined, ['http', 'https'], true],
  ['', ['http', 'https'], true],
  ['noredirect', ['http', 'https'], undefined],
  ['redirect', ['http', 'https'], true],
  ['nohttps', ['http'], undefined],
  ['nohttp', ['https'], undefined],
  ['whatever', ['http', 'https'], undefined],
] as const) {
  test(`HTTPS_METHOD=${method}`, () => {
    const said = declare({ HOST: 'a', ...(method !== undefined && { HTTPS_METHOD: method }) })
    expect(said.routes[0]?.route.entrypoints).toEqual(entrypoints)
    expect(said.routes[0]?.route.toHttps).toBe(toHttps)
    expect(said.problems).toHaveLength(method === 'whatever' ? 1 : 0)
  })
}

test('NETWORK_ACCESS=internal lets private addresses in, and so does what is not understood', () => {
  for (const access of ['internal', 'privat']) {
    const { routes, middlewares } = declare({ HOST: 'a', PATH: '/x/', NETWORK_ACCESS: access })
    const [name = ''] = routes[0]?.route.middlewares ?? []
    expect(routes.every(({ route }) => route.middlewares[0] === name)).toBe(true)
    expect(middlewares[name]).toMatchObject({
      allowIp: { ranges: expect.arrayContaining(['10.0.0.0/8', 'fc00::/7']), status: 403 },
    })
  }
  const open = declare({ HOST: 'a', NETWORK_ACCESS: 'external' })
  expect(open).toMatchObject({ middlewares: {}, problems: [] })
})

test('CERT_NAME is the certificate of the routes', () => {
  const [one] = declare({ HOST: 'a', CERT_NAME: 'shared' }).routes
  expect(one?.route.tls).toMatchObject({ certificate: 'shared', passthrough: false })
  expect(declare({ HOST: 'a' }).routes[0]?.route.tls).toBeNull()
})

test('variables come first, labels of the same names fill in', () => {
  const labels = { VIRTUAL_HOST: 'label', VIRTUAL_PORT: '9000' }
  const { routes } = declare({ HOST: 'env' }, { labels })
  expect(routes).toMatchObject([{ port: 9000, route: { rule: 'Host(`env`)' } }])
  const [alone] = declare({}, { labels }).routes
  expect(alone?.route.rule).toBe('Host(`label`)')
})

test('routes of a host are one pool over services', () => {
  expect(declare({ HOST: 'a,b' }).routes.every(({ route }) => route.shared)).toBe(true)
})

test("nginx's order: numbers only where the usual order is another", () => {
  const order = (host: string, path: string) =>
    declare({ HOST: host, PATH: path }).routes[0]?.route.priority
  const inOrder = ['= /p', '^~ /p', '~ ^/p'].map((path) => order('a', path) ?? 0)
  expect(inOrder).toEqual(inOrder.toSorted((a, b) => b - a))
  expect(order('a', '^~ /long')).toBeGreaterThan(order('a', '^~ /p') ?? Infinity)
  expect(order('a', '/p')).toBeNull()
  expect(order('*.a', '= /p')).toBeNull()
  expect(order('mail.*', '/')).toBeNull()
  expect(order('~^a', '= /p')).toBe(-1)
})

for (const [said, remedy] of [
  [{ PORT: '80,443' }, /1 to 65535/],
  [{ PROTO: 'fastcgi' }, /web server/],
  [{ PROTO: 'uwsgi' }, /web server/],
  [{ PROTO: 'grpcs' }, /write grpc/],
  [{ PROTO: 'gopher' }, /write http, https/],
  [{ PATH: 'api' }, /begin it with/],
  [{ PATH: '/a`)||Host(`b' }, /begin it with/],
  [{ PATH: '@named' }, /begin it with/],
  [{ PATH: '~ ^/(?=x)' }, /./],
  [{ PATH: '~ ^/x', DEST: '/' }, /leave out one/],
  [{ PATH: '/x', DEST: 'v2' }, /begin it with/],
  [{ PATH: '/x', DEST: '/$uri' }, /begin it with/],
  [{ HOST: 'a b' }, /./],
  [{ HOST: '~(?=a)' }, /./],
  [{ HOST: '*.*' }, /./],
  [{ HOST: 'a\nb' }, /without it/],
] as const) {
  test(`${JSON.stringify(said)} is a problem that says what to write, and opens nothing`, () => {
    const { routes, problems } = declare({ HOST: 'a', ...said })
    expect(routes).toEqual([])
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ severity: 'error' })
    expect(problems[0]?.what).toContain('variable VIRTUAL_')
    expect(problems[0]?.remedy).toMatch(remedy)
  })
}

test('of more than 512 names the first are routed, and it is said', () => {
  const host = Array.from({ length: 600 }, (_, at) => `h${at}`).join(',')
  const { routes, problems } = declare({ HOST: host })
  expect(routes).toHaveLength(512)
  expect(problems.map(({ why }) => why)).toEqual([expect.stringContaining('600 names')])
})

test('one bad host leaves the others', () => {
  expect(rules({ HOST: 'good,bad host,b' })).toEqual(['Host(`good`)', 'Host(`b`)'])
})

test('VIRTUAL_HOST and portolan.host: both are routed; of the same rule ours holds', () => {
  const env = variables({ HOST: 'theirs', PORT: '3000' })
  const both = register(container({ env, labels: { 'portolan.host': 'ours' } }))
  expect(both.instances[0]?.routes.map(({ rule }) => rule)).toEqual([
    'Host(`ours`)',
    'Host(`theirs`)',
  ])
  const ports = [tcp(3000), tcp(4000)]
  const labels = { 'portolan.host': 'same', 'portolan.port': '4000' }
  const same = register(container({ ports, labels, env: { ...env, VIRTUAL_HOST: 'same' } }))
  expect(
    same.instances.map(({ port, routes }) => [port, routes.map(({ entrypoints }) => entrypoints)]),
  ).toEqual([
    [3000, []],
    [4000, [['http', 'https']]],
  ])
})

const prefix = 'com.github.nginx-proxy.nginx-proxy.'
const balance = (text: string) => {
  const labels = { [`${prefix}loadbalance`]: text }
  const { ports, problems } = declare({ HOST: 'a' }, { labels })
  return problems.length > 0 ? problems[0]?.severity : ports[0]?.policy?.balance
}

for (const [text, expected] of [
  ['least_conn;', 'least'],
  ['ip_hash;', 'hash:ip'],
  ['ip_hash', 'hash:ip'],
  ['hash $remote_addr;', 'hash:ip'],
  ['hash $binary_remote_addr consistent;', 'hash:ip'],
  ['hash $http_x_user consistent;', 'hash:header:x-user'],
  ['hash  $cookie_sid ;', 'hash:cookie:sid'],
  ['random two least_conn;', 'p2c'],
  ['random;', 'random'],
  ['hash $request_uri consistent;', 'error'],
  ['least_time header;', 'error'],
] as const) {
  test(`loadbalance: ${text} is ${expected}`, () => {
    expect(balance(text)).toBe(expected)
  })
}

for (const [label, text, why] of [
  ['keepalive', 'disabled', 'no effect'],
  ['keepalive', 'auto', undefined],
  ['keepalive', '64', undefined],
  ['non-get-redirect', '308', undefined],
  ['non-get-redirect', '301', '308'],
  ['http3.enable', 'true', 'no HTTP/3'],
  ['ssl_verify_client', 'optional', 'not asked for'],
  ['nginx', '', 'no effect'],
  ['loadbalence', 'x', 'did you mean loadbalance?'],
] as const) {
  test(`${label}=${text}: ${why ?? 'fine'}`, () => {
    const { problems } = declare({}, { labels: { [`${prefix}${label}`]: text } })
    expect(problems.map((one) => one.why)).toEqual(
      why === undefined ? [] : [expect.stringContaining(why)],
    )
  })
}
