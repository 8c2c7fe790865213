import { expect, test } from 'vitest'

import { instancesOf } from '../../src/registrator/instances.ts'
import { plainEntry, type PlainSettings } from '../../src/registrator/plain.ts'
import { compose, container, settings } from './containers.ts'

const auto: PlainSettings = {
  plainPrefix: '/services',
  plainAddress: 'auto',
  advertise: '192.168.1.102',
}
const at = (port: number, ip = '0.0.0.0', to = port) =>
  ({ port, protocol: 'tcp', published: { ip, port: to } }) as const

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
    { name: 'nginx.0', image: 'progrium/nginx', ports: [at(80, '', 8000), at(443, '', 4443)] },
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
    { networks: [{ name: 'n', ip: '', ip6: 'fd00::3', gateway: '' }] },
    ['/services/web/h:shop-web-1:3000 = [fd00::3]:3000'],
  ],
  [
    'a given name',
    { labels: { 'portolan.service': 'front' } },
    ['/services/front/h:shop-web-1:3000 = 172.18.0.3:3000'],
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
