import { expect, test } from 'vitest'

import { portolanDialect } from '../../src/registrator/dialects/portolan.ts'
import { factsOf } from '../../src/registrator/names.ts'
import { compose, container, own, register, settings } from './containers.ts'

const declare = (labels: Record<string, string>) =>
  portolanDialect(factsOf(container({ labels: { ...compose, ...own(labels) } })), settings)

const hash = '$2y$05$abcdefghijklmnopqrstuv'

for (const [label, value, middleware] of [
  ['basic-auth', 'joe:$1$abcdefgh$x', { basicAuth: { users: ['joe:$1$abcdefgh$x'] } }],
  ['redirect-https', 'true', { redirectScheme: { scheme: 'https', port: 'public' } }],
  [
    'basic-auth',
    `joe:${hash}, ann:{SHA}x=`,
    { basicAuth: { users: [`joe:${hash}`, 'ann:{SHA}x='] } },
  ],
  [
    'forward-auth',
    'http://auth:9091/verify',
    { forwardAuth: { address: 'http://auth:9091/verify' } },
  ],
  ['allow-ip', '10.0.0.0/8, ::1', { allowIp: { ranges: ['10.0.0.0/8', '::1'], status: 403 } }],
  ['rate-limit', '100/s', { rateLimit: { average: 100, periodMs: 1000, burst: 100 } }],
  ['rate-limit', '10/m:20', { rateLimit: { average: 10, periodMs: 60_000, burst: 20 } }],
  ['rate-limit', '5/30s', { rateLimit: { average: 5, periodMs: 30_000, burst: 5 } }],
  ['in-flight', '20', { inFlight: { amount: 20 } }],
  ['header.request.X-A', 'b', { headers: { request: { 'X-A': 'b' }, response: {} } }],
  ['header.response.X-A', '', { headers: { request: {}, response: { 'X-A': '' } } }],
  ['compress', 'true', { compress: { minBytes: 1024 } }],
  ['max-body', '10m', { maxBody: { requestBytes: 10_485_760 } }],
  ['max-body', '64KiB', { maxBody: { requestBytes: 65_536 } }],
  ['max-body', '512', { maxBody: { requestBytes: 512 } }],
  ['timeout', '1m30s', { timeout: { firstByteMs: 90_000 } }],
] as const) {
  test(`${label}=${value} is a middleware of the route`, () => {
    const { routes, middlewares, problems } = declare({ host: 'a', [label]: value })
    const [name = ''] = routes[0]?.route.middlewares ?? []
    expect(problems).toEqual([])
    expect(name).toBe(label.split('.')[0])
    expect(middlewares[name]).toMatchObject(middleware)
  })
}

for (const [label, value, remedy] of [
  ['host', '', /shop\.example\.com/],
  ['path', ' , ', /\/api/],
  ['rule', 'Hots(`a`)', /known are Host/],
  ['rule', 'HostRegexp(`a(?=b)`)', /look-around/],
  ['tcp', 'a b', /--tcp/],
  ['sni', 'a b', /db\.example\.com/],
  ['tls', 'true', /pass/],
  ['lb', 'fastest', /round-robin/],
  ['sticky', 'yes please', /cookie:NAME/],
  ['health', 'healthz', /\/healthz/],
  ['health.interval', '5', /30s/],
  ['health.rise', '0', /from 1 on/],
  ['health.expect', 'ok', /2xx/],
  ['role', 'king', /primary/],
  ['probe', 'oracle', /postgres/],
  ['canary', '200%', /5%, or cookie:beta/],
  ['mirror', '10', /5%/],
  ['fallback', 'a/b/c', /project\/name/],
  ['redirect-https', 'maybe', /true or false/],
  ['basic-auth', 'joe:plain', /htpasswd/],
  ['basic-auth', `joe:${hash.replaceAll('$', '$$$$')}`, /compose file/],
  ['forward-auth', 'auth:9091', /http:\/\//],
  ['allow-ip', '10.0.0.0/33', /ranges/],
  ['rate-limit', 'fast', /100\/s/],
  ['rate-limit', '0/s', /100\/s/],
  ['in-flight', '-1', /from 1 on/],
  ['header.request.X A', 'b', /X-A/],
  ['compress', 'gzip', /true or false/],
  ['max-body', '10x', /10m/],
  ['timeout', '0s', /30s/],
] as const) {
  test(`portolan.${label}=${value} is a problem that says what to write`, () => {
    const [problem, ...more] = declare({ [label]: value }).problems
    expect(more).toEqual([])
    expect(problem).toMatchObject({ severity: 'error', where: 'container shop-web-1' })
    expect(problem?.what).toContain(`portolan.${label}`)
    expect(problem?.remedy).toMatch(remedy)
  })
}

test('values of auth and header labels are never shown', () => {
  const { problems } = declare({
    'basic-auth': 'joe:secret',
    'forward-auth': 'secret',
    'header.request.X A': 'secret',
    'basic-auht': 'secret',
  })
  expect(problems).toHaveLength(4)
  expect(JSON.stringify(problems)).not.toContain('secret')
})

for (const label of ['allow-ip', 'basic-auth', 'header.request.X']) {
  test(`a bad ${label} closes the route, and the problem of the label says so`, () => {
    const { routes, middlewares, problems } = declare({
      host: 'a',
      [label]: label === 'header.request.X' ? 'a\nb' : 'x',
    })
    expect(routes[0]?.route.middlewares).toEqual([label.split('.')[0]])
    const [name = ''] = label.split('.')
    expect(middlewares).toEqual({ [name]: { unread: `portolan.${name}` } })
    expect(problems).toMatchObject([{ why: expect.stringContaining('answer 503') }])
  })
}

test('middlewares of a container act on its routes of other dialects, before what those say', () => {
  const labels = {
    ...own({ host: 'a', 'allow-ip': '10.0.0.0/8', compress: 'true', 'redirect-https': 'true' }),
    'traefik.http.routers.x.rule': 'Host(`b`)',
    'traefik.http.routers.x.middlewares': 'p',
    'traefik.http.middlewares.p.addprefix.prefix': '/p',
    'traefik.tcp.routers.y.rule': 'HostSNI(`*`)',
    'traefik.tcp.routers.y.entrypoints': 'db',
  }
  const env = { VIRTUAL_HOST: 'c', VIRTUAL_PORT: '3000' }
  const { instances, problems } = register(container({ labels, env }))
  const all = ['redirect-https', 'allow-ip', 'compress']
  expect(problems).toEqual([])
  expect(
    instances[0]?.routes.map(({ rule, middlewares, entrypoints }) => [
      rule,
      middlewares,
      entrypoints,
    ]),
  ).toEqual([
    ['Host(`a`)', all, ['http', 'https']],
    ['Host(`b`)', [...all, 'p@docker'], ['http', 'https']],
    ['HostSNI(`*`)', ['allow-ip'], ['db']],
    ['Host(`c`)', all, ['http', 'https']],
  ])
  expect(new Set(Object.keys(instances[0]?.policy.middlewares ?? {}))).toEqual(
    new Set([...all, 'p@docker']),
  )
})

test('a bad middleware closes routes of other dialects, too; one without any route is said', () => {
  const env = { VIRTUAL_HOST: 'c' }
  const labels = own({ 'basic-auth': 'x' })
  const [closed] = register(container({ labels, env })).instances
  expect(closed?.policy.middlewares).toEqual({ 'basic-auth': { unread: 'portolan.basic-auth' } })
  expect(closed?.routes[0]?.middlewares).toEqual(['basic-auth'])
  expect(register(container({ labels: own({ compress: 'true' }) })).problems).toMatchObject([
    { what: 'label portolan.compress', remedy: 'add portolan.host, or remove it' },
  ])
  const hidden = own({ compress: 'true', enable: 'false' })
  expect(register(container({ labels: hidden })).problems).toEqual([])
})

test('middlewares act in one order, whatever that of the labels: who may come first, strip last', () => {
  const { routes } = declare({
    compress: 'true',
    'header.request.A': 'b',
    host: 'a',
    path: '/x',
    strip: 'true',
    'basic-auth': `joe:${hash}`,
    'allow-ip': '10.0.0.0/8',
    'redirect-https': 'true',
  })
  expect(routes[0]?.route).toMatchObject({
    middlewares: ['redirect-https', 'allow-ip', 'basic-auth', 'header', 'compress', 'strip'],
    entrypoints: ['http', 'https'],
  })
})

test('a rule says all: host and path beside it are problems', () => {
  const rule = 'Host(`a`) && Method(`GET`)'
  const { routes, problems } = declare({ rule, host: 'b', path: '/c' })
  expect(routes.map(({ route }) => route.rule)).toEqual([rule])
  expect(problems.map(({ what }) => what)).toEqual([
    'label portolan.host="b"',
    'label portolan.path="/c"',
  ])
  expect(declare({ rule: 'Hots(`a`)', host: 'b' }).routes).toEqual([])
})

for (const [labels, route] of [
  [{ tcp: 'postgres' }, { entrypoints: ['postgres'], rule: 'HostSNI(`*`)', tls: null }],
  [
    { tcp: 'db', sni: 'a.example,*.b.example' },
    {
      entrypoints: ['db'],
      rule: 'HostSNI(`a.example`) || HostSNI(`*.b.example`)',
      tls: { passthrough: true },
    },
  ],
  [{ sni: 'a.example' }, { entrypoints: ['https'], rule: 'HostSNI(`a.example`)' }],
  [{ sni: 'a.example', tls: 'end' }, { tls: { passthrough: false, domains: [] } }],
  [{ tcp: 'db', tls: 'pass' }, { tls: { passthrough: true, domains: [] } }],
  [
    { tcp: 'db', rule: 'HostSNI(`*`) && ClientIP(`10.0.0.0/8`)' },
    { entrypoints: ['db'], rule: 'HostSNI(`*`) && ClientIP(`10.0.0.0/8`)' },
  ],
  [{ tcp: 'db', 'in-flight': '5' }, { middlewares: ['in-flight'] }],
] as const) {
  test(`${JSON.stringify(labels)} is a TCP route`, () => {
    const { routes, problems } = declare(labels)
    expect(problems).toEqual([])
    expect(routes.map((one) => one.route)).toMatchObject([{ kind: 'tcp', ...route }])
  })
}

test('a TCP route is not opened without what only HTTP can do', () => {
  const labels = { tcp: 'db', 'basic-auth': `joe:${hash}` }
  expect(declare(labels)).toMatchObject({
    routes: [],
    problems: [{ what: 'label portolan.tcp="db"', severity: 'error' }],
  })
  const kinds = declare({ ...labels, host: 'a' }).routes.map(({ route }) => [
    route.kind,
    route.middlewares,
  ])
  expect(kinds).toEqual([
    ['http', ['basic-auth']],
    ['tcp', []],
  ])
})

test('a rule of TCP without an entrypoint is a problem', () => {
  const { routes, problems } = declare({ rule: 'HostSNI(`*`)' })
  expect(routes).toEqual([])
  expect(problems).toMatchObject([{ remedy: expect.stringContaining('portolan.tcp') }])
})

test('several routes on one container have ports, names, policies and middlewares of their own', () => {
  const ports = [3000, 9000].map((port) => ({ port, protocol: 'tcp', published: null }) as const)
  const labels = own({
    host: 'a',
    'rate-limit': '100/s',
    'allow-ip': '10.0.0.0/8',
    'routes.admin.host': 'admin.a',
    'routes.admin.port': '9000',
    'routes.admin.path': '/x',
    'routes.admin.strip': 'true',
    'routes.admin.lb': 'least',
    'routes.admin.rate-limit': '1/s',
  })
  const { instances, problems } = register(container({ ports, labels }))
  expect(problems).toEqual([])
  expect(instances.map(({ port, routes, policy }) => ({ port, routes, policy }))).toMatchObject([
    {
      port: 3000,
      routes: [{ name: 'web', middlewares: ['allow-ip', 'rate-limit'] }],
      policy: { balance: 'p2c', middlewares: { 'rate-limit': { rateLimit: { average: 100 } } } },
    },
    {
      port: 9000,
      routes: [{ name: 'admin', middlewares: ['allow-ip', 'admin.rate-limit', 'admin.strip'] }],
      policy: {
        balance: 'least',
        middlewares: {
          'allow-ip': { allowIp: { ranges: ['10.0.0.0/8'] } },
          'admin.rate-limit': { rateLimit: { average: 1 } },
          'admin.strip': { stripPrefix: ['/x'] },
        },
      },
    },
  ])
})

test('a route can switch off what is said in general, and a bad one harms no other', () => {
  const { routes, problems } = declare({
    host: 'a',
    compress: 'true',
    'routes.raw.host': 'b',
    'routes.raw.compress': 'false',
    'routes.bad.rule': 'Hots(`a`)',
  })
  expect(routes.map(({ route }) => [route.name, route.middlewares])).toEqual([
    ['web', ['compress']],
    ['raw', []],
  ])
  expect(problems).toHaveLength(1)
})

for (const [labels, why] of [
  [{ 'routes.x.service': 'y', 'routes.x.host': 'a' }, 'it is said of the whole container'],
  [{ 'health.interval': '5s' }, 'it has no effect without portolan.health'],
  [{ role: 'primary', probe: 'redis' }, 'it has no effect without portolan.tcp'],
  [{ tcp: 'db', probe: 'redis' }, 'it has no effect without portolan.role'],
  [{ 'probe.port': '1' }, 'it has no effect without portolan.probe'],
  [{ 'forward-auth.headers': 'X-User' }, 'it has no effect without portolan.forward-auth'],
] as const) {
  test(`${JSON.stringify(labels)}: ${why}`, () => {
    expect(declare(labels).problems.map((one) => one.why)).toEqual([why])
  })
}
