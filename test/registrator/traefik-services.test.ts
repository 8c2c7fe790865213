import { expect, test } from 'vitest'

import { declare, http, type Labels, rule } from './traefik.ts'

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
      'services.web.loadbalancer.proxyprotocol.version': '1',
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
        proxyProtocol: 1,
        balance: 'p2c:latency',
        // sha1 of web@docker
        sticky: { cookie: '_7e934', httpOnly: false, secure: false, sameSite: 'lax', path: '/' },
        health: {
          // by the scheme of requests, unless it has one of its own
          kind: 'https',
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
