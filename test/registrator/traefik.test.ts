import { expect, test } from 'vitest'

import type { DialectSettings } from '../../src/registrator/dialects/dialect.ts'
import { traefikDialect } from '../../src/registrator/dialects/traefik/traefik.ts'
import { factsOf } from '../../src/registrator/names.ts'
import { compose, container, register, settings } from './containers.ts'

type Labels = Readonly<Record<string, string>>

const declare = (labels: Labels, given: DialectSettings = settings) =>
  traefikDialect(factsOf(container({ labels: { ...compose, ...labels } })), given)

/** Labels under `traefik.http`, with `traefik.enable=true`. */
const http = (labels: Labels): Labels => ({
  'traefik.enable': 'true',
  ...Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [`traefik.http.${key}`, value]),
  ),
})

const rule = { 'routers.web.rule': 'Host(`a`)' }
const routesOf = (labels: Labels, given?: DialectSettings) =>
  declare(labels, given).routes.map(({ route }) => route)

test('a router is a route, with the names and the rule that it has', () => {
  const { routes, problems, named } = declare(
    http({
      'routers.Web.Rule': 'Host(`a.example`) && PathPrefix(`/api`)',
      'routers.web.entrypoints': 'web, websecure',
      'routers.web.priority': '7',
      'services.web.loadbalancer.server.port': '8080',
    }),
  )
  expect(problems).toEqual([])
  expect(named).toEqual([8080])
  expect(routes).toEqual([
    {
      port: 8080,
      route: {
        name: 'Web',
        kind: 'http',
        entrypoints: ['web', 'websecure'],
        rule: 'Host(`a.example`) && PathPrefix(`/api`)',
        priority: 7,
        middlewares: [],
        tls: null,
        shared: false,
        source: 'label',
      },
    },
  ])
})

test.for<[string, Labels, number]>([
  ['unset is the length of the rule', rule, 9],
  ['0 is unset', { ...rule, 'routers.web.priority': '0' }, 9],
  ['counts bytes', { 'routers.web.rule': 'Host(`é`)' }, 10],
  ['a number is that number', { ...rule, 'routers.web.priority': '-3' }, -3],
])('priority: %s', ([, labels, priority]) => {
  expect(routesOf(http(labels))[0]?.priority).toBe(priority)
})

test.for<[string, Labels, object]>([
  ['tls=true', { 'routers.web.tls': 'true' }, { passthrough: false, domains: [] }],
  ['tls without a value', { 'routers.web.tls': '' }, { passthrough: false, domains: [] }],
  [
    'a resolver, options and domains',
    {
      'routers.web.tls.certresolver': 'le',
      'routers.web.tls.options': 'modern@file',
      'routers.web.tls.domains[0].main': 'a',
      'routers.web.tls.domains[0].sans': 'b, c',
      'routers.web.tls.domains[1].main': 'd',
    },
    { passthrough: false, resolver: 'le', options: 'modern@file', domains: ['a', 'b', 'c', 'd'] },
  ],
])('%s is TLS, on both entrypoints unless the router names some', ([, labels, tls]) => {
  const [route] = routesOf(http({ ...rule, ...labels }))
  expect(route?.tls).toEqual(tls)
  expect(route?.entrypoints).toEqual(['http', 'https'])
})

test('tls=false is none, and another word is a problem', () => {
  expect(routesOf(http({ ...rule, 'routers.web.tls': 'false' }))[0]?.tls).toBeNull()
  const { problems } = declare(http({ ...rule, 'routers.web.tls': 'maybe' }))
  expect(problems).toMatchObject([{ what: 'label traefik.http.routers.web.tls="maybe"' }])
})

test.for<[string, string, string]>([
  ['v3', 'Host(`a`) && PathRegexp(`^/x{2,3}$`)', 'Host(`a`) && PathRegexp(`^/x{2,3}$`)'],
  ['several hosts', 'Host(`a`, `b`)', 'Host(`a`, `b`)'],
  ['a host template', 'HostRegexp(`{sub:[a-z]+}.a.com`)', 'HostRegexp(`^(?:[a-z]+)\\.a\\.com$`)'],
  ['one in Host', 'Host(`{sub}.a`, `b`)', '(HostRegexp(`^(?:[^.]+)\\.a$`) || Host(`b`))'],
  ['one in Path', 'Path(`/p/{id:[0-9]{3}}`)', 'PathRegexp(`^/p/(?:[0-9]{3})$`)'],
  [
    'one in PathPrefix',
    'PathPrefix(`/{v}/x`) || Host(`b`)',
    'PathRegexp(`^/(?:[^/]+)/x`) || Host(`b`)',
  ],
  ['a query', 'Query(`a=1`, `b=2`)', '(Query(`a`, `1`) && Query(`b`, `2`))'],
  ['headers', 'Headers(`X-A`, `b`)', 'Headers(`X-A`, `b`)'],
])('rule with %s: %s is %s', ([, written, read]) => {
  const [route] = routesOf(http({ 'routers.web.rule': written }))
  expect(route?.rule).toBe(read)
  expect(route?.priority).toBe(Buffer.byteLength(written))
})

test('ruleSyntax v2 makes text of what v3 reads as an expression', () => {
  const labels = { 'routers.web.rule': 'HostRegexp(`a.b`)', 'routers.web.rulesyntax': 'v2' }
  expect(routesOf(http(labels))[0]?.rule).toBe('Host(`a.b`)')
})

test.for<[string, RegExp]>([
  ['Host(`a`', /parenthesis/],
  ['Hots(`a`)', /known are/],
  ["Host('a')", /backticks/],
  ['HostSNI(`a`)', /traefik\.tcp\.routers/],
])('a router with the rule %s is out, alone', ([bad, remedy]) => {
  const { routes, problems } = declare(
    http({ 'routers.good.rule': 'Host(`good`)', 'routers.bad.rule': bad }),
  )
  expect(routes.map(({ route }) => route.name)).toEqual(['good'])
  expect(problems).toMatchObject([
    { severity: 'error', what: expect.stringContaining('traefik.http.routers.bad.rule') },
  ])
  expect(problems[0]?.remedy).toMatch(remedy)
})

test.for<[string, Labels, (number | undefined)[]]>([
  ['no service: the lowest tcp port', rule, [3000]],
  ['one service: that', { ...rule, 'services.x.loadbalancer.server.port': '81' }, [81]],
  [
    'several services: that of its own name',
    {
      ...rule,
      'services.web.loadbalancer.server.port': '81',
      'services.x.loadbalancer.server.port': '82',
    },
    [81],
  ],
  [
    'a service that it names, whatever the case, @docker or not',
    {
      ...rule,
      'routers.web.service': 'X@docker',
      'services.web.loadbalancer.server.port': '81',
      'services.x.loadbalancer.server.port': '82',
    },
    [82],
  ],
  [
    'a service without a port: the lowest',
    { ...rule, 'services.x.loadbalancer.passhostheader': 'true' },
    [3000],
  ],
])('%s', ([, labels, ports]) => {
  const { routes, problems } = declare(http(labels))
  expect(routes.map(({ port }) => port)).toEqual(ports)
  expect(problems).toEqual([])
})

test.for<[string, Labels, RegExp]>([
  [
    'several services and none of its name',
    { 'services.x.loadbalancer.server.port': '1', 'services.y.loadbalancer.server.port': '2' },
    /service= one of x, y/,
  ],
  ['a service of another provider', { 'routers.web.service': 'z@file' }, /a container declares/],
  ['a service of Traefik itself', { 'routers.web.service': 'api@internal' }, /--admin/],
  ['a service with a bad port', { 'services.web.loadbalancer.server.port': 'x' }, /1 to 65535/],
  ['a fixed address', { 'services.web.loadbalancer.server.url': 'http://10.0.0.9' }, /store/],
])('a router with %s is out, and a problem says what to write', ([, labels, remedy]) => {
  const { routes, problems } = declare(http({ ...rule, ...labels }))
  expect(routes).toEqual([])
  expect(problems).toHaveLength(1)
  expect(problems[0]?.remedy).toMatch(remedy)
})

test('settings of a service are those of its port', () => {
  const { ports, problems } = declare(
    http({
      ...rule,
      'services.web.loadbalancer.server.port': '81',
      'services.web.loadbalancer.server.scheme': 'https',
      'services.web.loadbalancer.server.weight': '3',
      'services.web.loadbalancer.passhostheader': 'false',
      'services.web.loadbalancer.strategy': 'leasttime',
      'services.web.loadbalancer.sticky.cookie.samesite': 'Lax',
      'services.web.loadbalancer.healthcheck.path': 'health',
      'services.web.loadbalancer.healthcheck.interval': '10',
      'services.web.loadbalancer.healthcheck.timeout': '1m30s',
      'services.web.loadbalancer.healthcheck.status': '204',
    }),
  )
  expect(problems).toEqual([])
  expect(ports).toMatchObject([
    {
      port: 81,
      scheme: 'https',
      weight: 3,
      policy: {
        passHost: false,
        balance: 'p2c:latency',
        // sha1 of web@docker
        sticky: { cookie: '_7e934', httpOnly: false, secure: false, sameSite: 'lax', path: '/' },
        health: {
          kind: 'http',
          path: '/health',
          intervalMs: 10_000,
          timeoutMs: 90_000,
          rise: 1,
          fall: 1,
          expect: ['204'],
          followRedirects: true,
        },
      },
    },
  ])
})

test('two services of one port that differ are a problem', () => {
  const { problems } = declare(
    http({
      ...rule,
      'routers.web.service': 'x',
      'services.x.loadbalancer.server.weight': '2',
      'services.y.loadbalancer.server.weight': '3',
    }),
  )
  expect(problems).toMatchObject([{ why: expect.stringContaining('x, y share port 3000') }])
})

test.for<[string, Labels, string[]]>([
  ['by default the service and project', { 'traefik.enable': 'true' }, ['Host(`web-shop`)']],
  ['without traefik.enable nothing', { 'traefik.http.middlewares.x.compress': 'true' }, []],
  [
    'of several services none',
    http({
      'services.x.loadbalancer.server.port': '1',
      'services.y.loadbalancer.server.port': '2',
    }),
    [],
  ],
])('default rule: %s', ([, labels, rules]) => {
  expect(routesOf(labels).map((route) => route.rule)).toEqual(rules)
})

test.for<[string, string | undefined]>([
  ['Host(`{{ .ContainerName }}.x`)', 'Host(`shop-web-1.x`)'],
  ['Host(`{{ normalize (index .Labels "com.docker.compose.service") }}.x`)', 'Host(`web.x`)'],
  ['Host(`{{ index .Labels `com.docker.compose.project` | normalize }}`)', 'Host(`shop`)'],
  ['Host(`{{ .Name | upper }}`)', undefined],
  ['Host(`{{ index .Labels "none" }}`)', undefined],
])('with the default rule %s a container gets %s', ([defaultRule, made]) => {
  const given = { ...settings, traefik: { defaultRule } }
  const { routes, problems } = declare({ 'traefik.enable': 'true' }, given)
  expect(routes.map(({ route }) => [route.rule, route.source])).toEqual(
    made ? [[made, 'default']] : [],
  )
  expect(problems).toHaveLength(made ? 0 : 1)
})

test('traefik.enable=false: registered, and not routed, not even by default', () => {
  const one = container({ labels: { ...http(rule), 'traefik.enable': 'false' } })
  const { instances, problems } = register(one, { ...settings, exposeAll: true })
  expect(instances.map(({ routes }) => routes)).toEqual([[]])
  expect(problems).toEqual([])
})

test('a router is enough, unless the settings say in Traefik’s words that it is not', () => {
  const labels = { 'traefik.http.routers.web.rule': 'Host(`a`)' }
  expect(routesOf(labels)).toHaveLength(1)
  const strict = { ...settings, traefik: { exposedByDefault: false } }
  expect(routesOf(labels, strict)).toEqual([])
  expect(declare(labels, strict).problems).toMatchObject([{ severity: 'note' }])
  expect(routesOf({ ...labels, 'traefik.enable': 'true' }, strict)).toHaveLength(1)
})

test('a word after traefik.enable that is neither closes', () => {
  const { routes, problems } = declare({ ...http(rule), 'traefik.enable': 'ture' })
  expect(routes).toEqual([])
  expect(problems).toHaveLength(1)
})

test('the network of a label, else that of the settings where the container is on it', () => {
  const given = (network: string) => ({ ...settings, traefik: { network } })
  expect(declare({ ...http(rule), 'traefik.docker.network': 'edge' }).network).toBe('edge')
  expect(declare(http(rule), given('shop_default')).network).toBe('shop_default')
  expect(declare(http(rule), given('elsewhere')).network).toBeUndefined()
})

test('an unknown option is a problem of its own', () => {
  const { routes, problems } = declare(http({ ...rule, 'routers.web.entrypoint': 'web' }))
  expect(routes).toHaveLength(1)
  expect(problems).toMatchObject([
    {
      severity: 'warning',
      what: 'label traefik.http.routers.web.entrypoint="web"',
      why: 'there is no entrypoint here (did you mean entrypoints?)',
    },
  ])
})

test.for<[string, RegExp]>([
  ['traefik.frontend.rule', /traefik\.http\.routers\.NAME\.rule/],
  ['traefik.admin.frontend.rule', /traefik\.http\.routers\.NAME\.rule/],
  ['traefik.port', /server\.port/],
  ['traefik.backend', /traefik\.http\.services/],
  ['traefik.backend.loadbalancer.stickiness', /sticky\.cookie/],
])('label %s of v1 is a problem that names the new one', ([label, remedy]) => {
  const { problems } = declare({ [label]: 'x' })
  expect(problems).toMatchObject([{ severity: 'error', why: expect.stringContaining('v1') }])
  expect(problems[0]?.remedy).toMatch(remedy)
})

test.for<[string, string]>([
  ['traefik.htpp.routers.x.rule', 'did you mean http?'],
  ['traefik.http.router.x.rule', 'did you mean routers?'],
  ['traefik.http.routers..rule', 'a part of its name is empty'],
  ['traefik.swarm.lbswarm', 'directly'],
])('label %s is said', ([label, why]) => {
  const { problems } = declare({ 'traefik.enable': 'true', [label]: 'x' })
  expect(problems.map((one) => one.why).join()).toContain(why)
})
