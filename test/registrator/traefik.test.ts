import { expect, test } from 'vitest'

import { declare, http, type Labels, routesOf, rule } from './traefik.ts'

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
