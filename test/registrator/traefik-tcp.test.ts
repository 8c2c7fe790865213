import { expect, test } from 'vitest'

import { container, register } from './containers.ts'

type Labels = Readonly<Record<string, string>>

const tcp = (labels: Labels) => {
  const own = Object.entries(labels).map(([key, value]) => [`traefik.tcp.${key}`, value])
  const all = { 'traefik.enable': 'true', ...Object.fromEntries(own) }
  const ports = [{ port: 5432, protocol: 'tcp', published: null }] as const
  return register(container({ ports, labels: all }))
}

test('a TCP router is a route of the instance, and there is no HTTP route beside it', () => {
  const { instances, problems } = tcp({
    'routers.db.rule': 'HostSNI(`db.example.com`)',
    'routers.db.entrypoints': 'postgres',
    'routers.db.tls.passthrough': 'true',
    'routers.db.middlewares': 'few,near',
    'services.db.loadbalancer.server.port': '5433',
    'services.db.loadbalancer.proxyprotocol.version': '1',
    'services.db.loadbalancer.healthcheck.interval': '5s',
    'middlewares.few.inflightconn.amount': '5',
    'middlewares.near.ipallowlist.sourcerange': '10.0.0.0/8',
  })
  expect(problems).toEqual([])
  expect(instances.map(({ port, routes }) => [port, routes.length])).toEqual([
    [5432, 0],
    [5433, 1],
  ])
  expect(instances[1]).toMatchObject({
    protocol: 'tcp',
    routes: [
      {
        kind: 'tcp',
        entrypoints: ['postgres'],
        rule: 'HostSNI(`db.example.com`)',
        priority: 25,
        tls: { passthrough: true },
        middlewares: ['tcp.few@docker', 'tcp.near@docker'],
      },
    ],
    policy: {
      proxyProtocol: 1,
      health: { kind: 'tcp', intervalMs: 5000 },
      middlewares: {
        'tcp.few@docker': { inFlight: { amount: 5 } },
        'tcp.near@docker': { allowIp: { ranges: ['10.0.0.0/8'] } },
      },
    },
  })
})

test('the rule for everything comes last, proxyprotocol alone is version 2', () => {
  const { instances } = tcp({
    'routers.db.rule': 'HostSNI(`*`)',
    'routers.db.entrypoints': 'postgres',
    'services.db.loadbalancer.proxyprotocol': 'true',
  })
  expect(instances[0]?.routes[0]?.priority).toBe(-1)
  expect(instances[0]?.policy.proxyProtocol).toBe(2)
})

test.for<[string, Labels, RegExp]>([
  ['without a rule', { 'routers.db.entrypoints': 'x' }, /HostSNI\(`\*`\)/],
  ['without an entrypoint', { 'routers.db.rule': 'HostSNI(`*`)' }, /--tcp NAME/],
  [
    'with the rule of an HTTP router',
    { 'routers.db.rule': 'Host(`a`)', 'routers.db.entrypoints': 'x' },
    /traefik\.http\.routers/,
  ],
  [
    'to a service over TLS',
    {
      'routers.db.rule': 'HostSNI(`*`)',
      'routers.db.entrypoints': 'x',
      'services.db.loadbalancer.server.tls': 'true',
    },
    /passthrough/,
  ],
])('a TCP router %s is out, and a problem says what to write', ([, labels, remedy]) => {
  const { instances, problems } = tcp(labels)
  expect(instances[0]?.routes).toEqual([])
  expect(problems).toHaveLength(1)
  expect(problems[0]?.remedy).toMatch(remedy)
})

test('UDP routers are said not to be supported, once each', () => {
  const labels = {
    'traefik.enable': 'true',
    'traefik.udp.routers.dns.entrypoints': 'dns',
    'traefik.udp.routers.dns.service': 'dns',
    'traefik.udp.services.dns.loadbalancer.server.port': '53',
  }
  const { problems } = register(container({ labels }))
  expect(problems).toMatchObject([{ severity: 'error', why: 'UDP is not supported yet' }])
})
