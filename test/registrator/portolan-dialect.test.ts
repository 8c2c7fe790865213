import { expect, test } from 'vitest'

import { portolanDialect } from '../../src/registrator/dialects/portolan.ts'
import { factsOf } from '../../src/registrator/names.ts'
import { compose, container, own, register, settings } from './containers.ts'

const declare = (labels: Record<string, string>, more: Partial<typeof settings> = {}) =>
  portolanDialect(factsOf(container({ labels: { ...compose, ...own(labels) } })), {
    ...settings,
    ...more,
  })

const rulesOf = (labels: Record<string, string>, more: Partial<typeof settings> = {}) =>
  declare(labels, more).routes.map(({ route }) => route.rule)

for (const [labels, rule] of [
  [{ host: 'shop.example.com' }, 'Host(`shop.example.com`)'],
  [{ host: 'Shop.Example.COM.' }, 'Host(`shop.example.com`)'],
  [{ host: 'a.localhost, b.localhost' }, 'Host(`a.localhost`) || Host(`b.localhost`)'],
  [{ host: '*.shop.example.com' }, 'Host(`**.shop.example.com`)'],
  [{ host: 'a', path: '/api' }, 'Host(`a`) && (Path(`/api`) || PathPrefix(`/api/`))'],
  [{ expose: 'true' }, 'Host(`web.shop.localhost`)'],
  [{ expose: 'true', service: 'my_front' }, 'Host(`my-front.localhost`)'],
] as const) {
  test(`${JSON.stringify(labels)} is ${rule}`, () => {
    expect(rulesOf(labels)).toEqual([rule])
    expect(declare(labels).problems).toEqual([])
  })
}

test('without a routing label nothing is routed', () => {
  expect(rulesOf({})).toEqual([])
  expect(rulesOf({ port: '80' })).toEqual([])
  expect(rulesOf({ expose: 'false' })).toEqual([])
})

test('with --expose all, HTTP-looking ports are routed, and labels still decide', () => {
  const all = { exposeAll: true }
  expect(rulesOf({}, all)).toEqual(['Host(`web.shop.localhost`)'])
  expect(rulesOf({ expose: 'false' }, all)).toEqual([])
  expect(rulesOf({ host: 'x' }, all)).toEqual(['Host(`x`)'])
  const database = container({ ports: [{ port: 5432, protocol: 'tcp', published: null }] })
  expect(register(database, { ...settings, ...all }).instances[0]?.routes).toEqual([])
})

test('enable=false: neither registered nor routed', () => {
  const labels = own({ host: 'a', enable: 'false' })
  expect(register(container({ labels })).instances).toEqual([])
})

test('the route goes to the port that the label names, else to the lowest tcp one', () => {
  const ports = [3000, 8000].map((port) => ({ port, protocol: 'tcp', published: null }) as const)
  const routed = (labels: Record<string, string>) =>
    register(container({ ports, labels: own(labels) }))
      .instances.filter(({ routes }) => routes.length > 0)
      .map(({ port }) => port)
  expect(routed({ host: 'a' })).toEqual([3000])
  expect(routed({ host: 'a', port: '8000' })).toEqual([8000])
})

test('strip takes the paths off', () => {
  const { routes, middlewares } = declare({ host: 'a', path: '/api,/v2', strip: 'true' })
  expect(routes[0]?.route.middlewares).toEqual(['strip'])
  expect(middlewares).toEqual({ strip: { stripPrefix: ['/api', '/v2'] } })
})

test('network, weight, scheme and service as they say', () => {
  expect(declare({ network: 'back', weight: '3', scheme: 'HTTPS', service: 'x' })).toMatchObject({
    network: 'back',
    ports: [{ port: undefined, weight: 3, scheme: 'https', service: 'x' }],
  })
})

for (const [label, value, remedy] of [
  ['port', '0', /1 to 65535/],
  ['port', 'http', /1 to 65535/],
  ['weight', '-1', /0 to 1000/],
  ['enable', 'maybe', /true or false/],
  ['scheme', 'gopher', /http, https, h2c/],
  ['service', 'a b', /letters, digits/],
  ['service', 'x\ny', /without it/],
  ['host', 'a b', /./],
  ['path', 'api', /begin it with "\/"/],
  ['path', '/a`)||Host(`b', /begin it/],
  ['path', '/a\\b', /begin it/],
] as const) {
  test(`portolan.${label}=${JSON.stringify(value)} is a problem that says what to write`, () => {
    const { problems } = declare({ [label]: value })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ where: 'container shop-web-1', severity: 'error' })
    expect(problems[0]?.what).toContain(JSON.stringify(value))
    expect(problems[0]?.remedy).toMatch(remedy)
  })
}

for (const service of ['a..b', 'ends-', 'x'.repeat(100)]) {
  test(`the service name ${service} makes no host name, which is said`, () => {
    const { routes, problems } = declare({ expose: 'true', service })
    expect(routes).toEqual([])
    expect(problems).toHaveLength(1)
    expect(problems[0]?.what).toMatch(/^default host/)
    expect(problems[0]?.remedy).toContain('portolan.host')
  })
}

test('a bad port opens no route, neither the container’s nor one of several', () => {
  const one = { 'routes.x.host': 'x', 'routes.x.port': '0', host: 'a' }
  expect(declare(one).routes.map(({ route }) => route.name)).toEqual(['web'])
  const all = { 'routes.x.host': 'x', port: '0', host: 'a' }
  expect(declare(all).routes).toEqual([])
})

test('a header of one of several routes stands beside those of the container, and replaces its like', () => {
  const labels = { host: 'a', 'header.request.A': '1', 'header.response.B': '1' }
  const { middlewares } = declare({
    ...labels,
    'routes.x.host': 'x',
    'routes.x.header.request.C': '2',
    'routes.x.header.response.B': '2',
  })
  expect(middlewares).toEqual({
    header: { headers: { request: { A: '1' }, response: { B: '1' } } },
    'x.header': { headers: { request: { A: '1', C: '2' }, response: { B: '2' } } },
  })
})

test('one bad host leaves the others routed; a bad path opens nothing', () => {
  expect(rulesOf({ host: 'good.localhost,bad host' })).toEqual(['Host(`good.localhost`)'])
  expect(rulesOf({ host: 'a', path: 'no-slash' })).toEqual([])
  expect(rulesOf({ host: 'a', port: 'x' })).toEqual([])
})

test('what does not exist is said, with what was probably meant', () => {
  const { problems } = declare({
    hosts: 'a',
    'rate-limits': '1/s',
    'routes.x.hosts': 'b',
    gibberish: 'x',
  })
  expect(problems.map(({ what, why }) => `${what}: ${why}`)).toEqual([
    'label portolan.gibberish="…": no such label',
    'label portolan.hosts="…": no such label (did you mean host?)',
    'label portolan.rate-limits="…": no such label (did you mean rate-limit?)',
    'label portolan.routes.x.hosts="…": no such label (did you mean host?)',
    'labels portolan.routes.x.*: they don’t say which requests the route gets',
  ])
})

test('path and strip without what they need are said', () => {
  const whys = (labels: Record<string, string>) => declare(labels).problems.map(({ why }) => why)
  expect(whys({ path: '/a' })).toEqual(['it has no effect without portolan.host'])
  expect(whys({ host: 'a', strip: 'true' })).toEqual(['it has no effect without portolan.path'])
})
