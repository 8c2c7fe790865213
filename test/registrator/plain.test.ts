import { expect, test } from 'vitest'

import { instancesOf } from '../../src/registrator/instances.ts'
import { ownInstances } from '../../src/registrator/own.ts'
import { plainEntry, type PlainSettings } from '../../src/registrator/plain.ts'
import { containerId, network } from '../core/samples.ts'
import { compose, container, settings } from './containers.ts'

const auto: PlainSettings = {
  plainPrefix: '/services',
  plainAddress: 'auto',
  advertise: '192.168.1.102',
}
const at = (port: number, ip = '0.0.0.0', to = port) =>
  ({ port, protocol: 'tcp', published: { ip, port: to } }) as const

const nginx = {
  name: 'nginx.0',
  image: 'progrium/nginx',
  ports: [at(80, '', 8000), at(443, '', 4443)],
}

function tree(facts: Parameters<typeof container>[0], wanted: Partial<PlainSettings> = {}) {
  const { instances } = instancesOf(container(facts), { ...settings, node: 'h' })
  const entries = instances.flatMap(({ instance, plain }) => {
    const entry = plainEntry(instance, plain, { ...auto, ...wanted })
    return entry ? [entry.join(' = ')] : []
  })
  return entries
}

for (const [name, facts, expected] of [
  [
    'one published port',
    { name: 'redis.0', image: 'progrium/redis', ports: [at(6379, '0.0.0.0', 10_000)] },
    ['/services/redis/h:redis.0:6379 = 192.168.1.102:10000'],
  ],
  [
    'several ports get a suffix',
    nginx,
    [
      '/services/nginx-80/h:nginx.0:80 = 192.168.1.102:8000',
      '/services/nginx-443/h:nginx.0:443 = 192.168.1.102:4443',
    ],
  ],
  [
    'udp is told apart in the id',
    {
      name: 'dns',
      image: 'x/dns',
      ports: [at(53), { port: 53, protocol: 'udp', published: { ip: '0.0.0.0', port: 53 } }],
    },
    [
      '/services/dns-53/h:dns:53 = 192.168.1.102:53',
      '/services/dns-53/h:dns:53:udp = 192.168.1.102:53',
    ],
  ],
  [
    'Compose: the image names it, the container address serves',
    { labels: compose, image: 'proj-web', name: 'proj-web-1' },
    ['/services/proj-web/h:proj-web-1:3000 = 172.18.0.3:3000'],
  ],
  [
    'published on loopback is not published for others',
    { ports: [at(3000, '127.0.0.1', 80)] },
    ['/services/web/h:shop-web-1:3000 = 172.18.0.3:3000'],
  ],
  [
    'IPv6 stands in brackets',
    { networks: [network({ name: 'n', ip6: 'fd00::3' })] },
    ['/services/web/h:shop-web-1:3000 = [fd00::3]:3000'],
  ],
  [
    'a given name',
    { labels: { 'portolan.service': 'front' } },
    ['/services/front/h:shop-web-1:3000 = 172.18.0.3:3000'],
  ],
  [
    'names and an id of ports',
    {
      ...nginx,
      labels: {
        SERVICE_443_NAME: 'https',
        SERVICE_443_ID: 'https.12345',
        SERVICE_80_NAME: 'http',
      },
    },
    [
      '/services/http/h:nginx.0:80 = 192.168.1.102:8000',
      '/services/https/https.12345 = 192.168.1.102:4443',
    ],
  ],
  [
    'a name for all ports gets a suffix too',
    { ...nginx, env: { SERVICE_NAME: 'web' } },
    [
      '/services/web-80/h:nginx.0:80 = 192.168.1.102:8000',
      '/services/web-443/h:nginx.0:443 = 192.168.1.102:4443',
    ],
  ],
  [
    'the suffix counts ignored ports',
    { ...nginx, labels: { SERVICE_80_IGNORE: 'true' } },
    ['/services/nginx-443/h:nginx.0:443 = 192.168.1.102:4443'],
  ],
  [
    'an id for all ports ends in the port, so that none overwrites another',
    { ...nginx, labels: { SERVICE_ID: 'x', SERVICE_NAME: 'n', SERVICE_443_NAME: 'n-80' } },
    ['/services/n-80/x:80 = 192.168.1.102:8000', '/services/n-80/x:443 = 192.168.1.102:4443'],
  ],
  [
    'an id for all ports, of which one is left',
    { ...nginx, labels: { SERVICE_ID: 'x', SERVICE_80_IGNORE: 'true' } },
    ['/services/nginx-443/x = 192.168.1.102:4443'],
  ],
  [
    'what is ignored but routed does not stand there',
    { ...nginx, labels: { SERVICE_IGNORE: 'true', VIRTUAL_HOST: 'a', VIRTUAL_PORT: '80' } },
    [],
  ],
  [
    'a port that only a label names, beside one that Docker knows',
    { labels: { VIRTUAL_HOST: 'a', VIRTUAL_PORT: '9000' } },
    [
      '/services/web/h:shop-web-1:3000 = 172.18.0.3:3000',
      '/services/web-9000/h:shop-web-1:9000 = 172.18.0.3:9000',
    ],
  ],
  ['only what is ready', { health: 'starting' as const }, []],
] as const) {
  test(`plain tree: ${name}`, () => {
    expect(tree(facts as Parameters<typeof container>[0])).toEqual(expected)
  })
}

test('plain tree: address kinds', () => {
  const facts = { ports: [at(3000, '0.0.0.0', 80)] }
  expect(tree(facts, { plainAddress: 'internal' })[0]).toContain('172.18.0.3:3000')
  expect(tree(facts, { plainAddress: 'published' })[0]).toContain('192.168.1.102:80')
  expect(tree({}, { plainAddress: 'published' })).toEqual([])
  expect(tree({}, { plainPrefix: undefined })).toEqual([])
})

test('plain tree: where only published ports stand, only they count for the suffix', () => {
  const exposed = { port: 443, protocol: 'tcp', published: null } as const
  const facts = { image: 'nginx', name: 'n', ports: [at(80, '', 8000), exposed] }
  expect(tree(facts, { plainAddress: 'published' })).toEqual([
    '/services/nginx/h:n:80 = 192.168.1.102:8000',
  ])
  expect(tree(facts, { plainAddress: 'internal' })).toEqual([
    '/services/nginx-80/h:n:80 = 172.18.0.3:80',
    '/services/nginx-443/h:n:443 = 172.18.0.3:443',
  ])
})

test('plain tree: in the host network exposed ports count as published', () => {
  const ports = [80, 443].map((port) => ({ port, protocol: 'tcp', published: null }) as const)
  const facts = { image: 'nginx', name: 'n', networkMode: 'host', networks: [], ports }
  expect(tree(facts, { plainAddress: 'published' })).toEqual([
    '/services/nginx-80/h:n:80 = 192.168.1.102:80',
    '/services/nginx-443/h:n:443 = 192.168.1.102:443',
  ])
})

test('plain tree: replicas with one id take each other the key, and that is said', () => {
  const replicas = ['a', 'b'].map((name) =>
    container({ id: containerId(name), name, labels: { SERVICE_ID: 'x' } }),
  )
  const own = ownInstances({ ...settings, ...auto })({
    kind: 'known',
    engine: { id: 'e', name: 'h', version: '', apiVersion: '', kind: 'native' },
    byId: new Map(replicas.map((one) => [one.id, one])),
    self: undefined,
  })
  expect(own.problems).toHaveLength(1)
  expect(own.problems[0]).toMatchObject({ where: 'key /services/web/x' })
  expect(own.problems[0]?.why).toContain('a:3000, b:3000')
})
