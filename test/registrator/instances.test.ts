import { expect, test } from 'vitest'

import { compose, container, register } from './containers.ts'

const tcp = (port: number, published: { ip: string; port: number } | null = null) =>
  ({ port, protocol: 'tcp', published }) as const
const udp = (port: number) => ({ port, protocol: 'udp', published: null }) as const

test('an instance holds what Docker says and nothing else', () => {
  const { instances, problems } = register(container({ labels: compose }))
  expect(problems).toEqual([])
  expect(instances).toHaveLength(1)
  expect(instances[0]).toMatchObject({
    v: 1,
    service: 'web',
    project: 'shop',
    node: 'h1',
    name: 'shop-web-1',
    ordinal: 2,
    protocol: 'http',
    port: 3000,
    addresses: [{ network: 'shop_default', ip: '172.18.0.3' }],
    published: null,
    state: 'ready',
    weight: 1,
    routes: [],
  })
})

for (const [name, image, labels, expected] of [
  ['Compose', 'x', compose, 'shop/web'],
  ['a label, which is global', 'x', { ...compose, 'portolan.service': 'front' }, '-/front'],
  ['the image', 'registry:5000/a/foo:1.2', {}, '-/foo'],
  ['an image with a digest', 'foo@sha256:0123', {}, '-/foo'],
  ['the container, for an image without a name', 'sha256:0123456789ab', {}, '-/shop-web-1'],
  ['half of Compose is not Compose', 'foo', { 'com.docker.compose.project': 'p' }, '-/foo'],
] as const) {
  test(`the name comes from ${name}`, () => {
    const [first] = register(container({ image, labels })).instances
    expect(`${first?.project}/${first?.service}`).toBe(expected)
  })
}

for (const [facts, state] of [
  [{}, 'ready'],
  [{ health: 'healthy' }, 'ready'],
  [{ health: 'starting' }, 'starting'],
  [{ health: 'unhealthy' }, 'unhealthy'],
  [{ state: 'paused' }, 'unhealthy'],
  [{ state: 'restarting' }, 'unhealthy'],
  [{ draining: true }, 'draining'],
  [{ draining: true, health: 'unhealthy' }, 'draining'],
] as const) {
  test(`${JSON.stringify(facts)} is ${state}`, () => {
    expect(register(container(facts)).instances[0]?.state).toBe(state)
  })
}

test('what Docker does to its process is said', () => {
  const haltOf = (facts: Parameters<typeof container>[0]) =>
    register(container(facts)).instances[0]?.halt
  expect(haltOf({})).toBeUndefined()
  expect(haltOf({ state: 'paused' })).toBe('paused')
  expect(haltOf({ draining: true })).toBe('stopping')
  expect(haltOf({ state: 'restarting', draining: true })).toBeUndefined()
})

test('each eligible port is an instance of the one service, udp apart from tcp', () => {
  const { instances } = register(container({ ports: [tcp(80), tcp(5432), udp(53)] }))
  expect(instances.map(({ port, protocol }) => `${port} ${protocol}`)).toEqual([
    '53 udp',
    '80 http',
    '5432 tcp',
  ])
})

test('in the host network an exposed port is as good as published', () => {
  const facts = container({ networkMode: 'host', networks: [], ports: [tcp(80)] })
  expect(register(facts).instances[0]).toMatchObject({
    addresses: [],
    published: { ip: '0.0.0.0', port: 80 },
  })
})

test('more than 64 ports: only those that a label names, and it is said', () => {
  const ports = Array.from({ length: 65 }, (_, at) => tcp(1000 + at))
  const labels = { 'portolan.host': 'a.localhost', 'portolan.port': '1003' }
  const { instances, problems } = register(container({ ports, labels }))
  expect(instances.map(({ port }) => port)).toEqual([1003])
  expect(problems[0]).toMatchObject({ what: '65 ports', severity: 'warning' })
})

test('a route without any port is a problem with a remedy', () => {
  const labels = { 'portolan.host': 'a.localhost' }
  const { instances, problems } = register(container({ ports: [], labels }))
  expect(instances).toEqual([])
  expect(problems[0]?.remedy).toContain('portolan.port')
})

test('a port that only a label names is an instance too', () => {
  const labels = { 'portolan.host': 'a.localhost', 'portolan.port': '8000' }
  const { instances, problems } = register(container({ ports: [], labels }))
  expect(problems).toEqual([])
  expect(instances[0]).toMatchObject({ port: 8000, routes: [{ rule: 'Host(`a.localhost`)' }] })
})
