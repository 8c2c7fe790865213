import { expect, test } from 'vitest'

import type { Catalog } from '../../../src/core/catalog.ts'
import { plainRequest } from '../../../src/core/rule/request.ts'
import { match } from '../../../src/proxy/table/match.ts'
import { isOwnListener, nobody } from '../../../src/proxy/table/own.ts'
import { ruleReader } from '../../../src/proxy/table/rules.ts'
import { routeTable, TableMaker } from '../../../src/proxy/table/table.ts'
import { place } from '../../core/samples.ts'
import { catalogOf, instance, vantage, written } from '../bed.ts'

const id = (letter: string) => letter.repeat(64)

function tableOf(catalog: Catalog) {
  return routeTable(catalog, vantage)
}

test('a route reaches only the instances that declare it', () => {
  const { table } = tableOf(
    catalogOf([
      instance({ ip: '10.0.0.1' }),
      instance({ ip: '10.0.0.2', container: id('b'), routes: [] }),
      instance({ ip: '10.0.0.3', container: id('c') }),
    ]),
  )
  expect(table.routes.map(({ targets }) => targets.map(({ ip }) => ip))).toEqual([
    ['10.0.0.1', '10.0.0.3'],
  ])
})

test('web and websecure are other names of http and https', () => {
  const routes = [{ rule: 'Host(`h`)', entrypoints: ['web', 'http', 'websecure'] }]
  const { table } = tableOf(catalogOf([instance({ routes })]))
  expect(table.routes.map(({ entrypoint }) => entrypoint)).toEqual(['http', 'https'])
})

test('of two services with one rule the older keeps it, and the other is a problem', () => {
  const { table, problems } = tableOf(
    catalogOf([
      instance({
        service: 'late',
        createdAt: '2026-01-02T00:00:00Z',
        name: 'late-1',
        container: id('b'),
      }),
      instance({ service: 'early', createdAt: '2026-01-01T00:00:00Z' }),
    ]),
  )
  expect(table.routes.map(({ service }) => service)).toEqual(['shop/early'])
  expect(problems).toMatchObject([{ severity: 'error', where: 'container late-1' }])
})

test('of differing policies in one service the newest container has its way', () => {
  const policyOf = (balance: string) => ({ ...instance().policy, balance })
  const { table } = tableOf(
    catalogOf([
      instance({ policy: policyOf('least'), createdAt: '2026-01-03T00:00:00Z' }),
      instance({
        policy: policyOf('random'),
        createdAt: '2026-01-02T00:00:00Z',
        container: id('b'),
      }),
    ]),
  )
  expect(table.routes.map(({ policy }) => policy.balance)).toEqual(['least'])
})

test('a chain stands for its members in their order, and closes the route if one of them is unknown', () => {
  const middlewares = {
    outer: { chain: ['b', 'inner'] },
    inner: { chain: ['a', 'b'] },
    a: { stripPrefix: ['/a'] },
    b: { stripPrefix: ['/b'] },
    broken: { chain: ['a', 'lost'] },
    endless: { chain: ['a', 'round'] },
    round: { chain: ['endless'] },
  }
  const routes = ['outer', 'broken', 'endless'].map((name) => ({
    name,
    rule: `Host(\`${name}\`)`,
    middlewares: [name],
  }))
  const policy = { ...instance().policy, middlewares }
  const { table } = routeTable(catalogOf([instance({ routes, policy })]), vantage)
  const state = table.routes.map((one) => [one.closed, one.middlewares.map(({ name }) => name)])
  expect(state).toEqual([
    [undefined, ['b', 'a', 'b']],
    ['middleware lost is not known', ['a']],
    ['middleware endless is a chain that contains itself', ['a']],
  ])
})

test('a route with a middleware that is unknown or can not act is closed; prefixes alone need no chain', () => {
  const routes = [
    { name: 'lost', rule: 'Host(`a`)', middlewares: ['auth@file'] },
    { name: 'later', rule: 'Host(`b`)', middlewares: ['zip'] },
    { name: 'fine', rule: 'Host(`c`)', middlewares: ['strip'] },
    { name: 'both', rule: 'Host(`d`)', middlewares: ['all'] },
    { name: 'loop', rule: 'Host(`e`)', middlewares: ['strip', 'loop'] },
    { name: 'much', rule: 'Host(`f`)', middlewares: ['c9'] },
  ]
  const policy = {
    ...instance().policy,
    middlewares: {
      strip: { stripPrefix: ['/api'] },
      zip: { compress: { excludeTypes: [], includeTypes: [], minBytes: 1, encodings: ['lz4'] } },
      add: { addPrefix: '/x' },
      all: { chain: ['strip', 'add'] },
      loop: { chain: ['all', 'loop'] },
      c0: { chain: ['add', 'add'] },
      ...Object.fromEntries(
        Array.from({ length: 9 }, (_, at) => [`c${at + 1}`, { chain: [`c${at}`, `c${at}`] }]),
      ),
    },
  }
  const { table, problems } = tableOf(catalogOf([instance({ routes, policy })]))
  const state = table.routes.map(({ name, closed, stripPrefixes, middlewares }) => [
    name,
    closed,
    stripPrefixes,
    middlewares.map((one) => one.name),
  ])
  expect(state).toEqual([
    ['lost', 'middleware auth@file is not known', [], []],
    ['later', expect.stringMatching(/^middleware zip can't act: compress: .*lz4/), [], []],
    ['fine', undefined, ['/api'], ['strip']],
    ['both', undefined, [], ['strip', 'add']],
    ['loop', 'middleware loop is a chain that contains itself', [], ['strip', 'strip', 'add']],
    ['much', 'more than 100 middlewares act on it', [], expect.any(Array)],
  ])
  expect(problems.map(({ what }) => what)).toEqual([
    'middleware auth@file is not known',
    'middleware loop is a chain that contains itself',
    "middleware zip can't act: compress: there is no encoding lz4; write zstd, br or gzip",
    'more than 100 middlewares act on it',
  ])
})

test('a bad rule, a matcher of TCP and a UDP route are problems of their own', () => {
  const routes = [
    { name: 'bad', rule: 'Hots(`a`)' },
    { name: 'mixed', rule: 'Host(`a`) && HostSNI(`a`)' },
    { name: 'udp', rule: 'HostSNI(`*`)', kind: 'udp' as const },
    { name: 'good', rule: 'Host(`b`)' },
  ]
  const { table, problems } = tableOf(catalogOf([instance({ routes })]))
  expect(match(table.index, 'http', plainRequest('b', '/'))?.route.name).toBe('good')
  expect(match(table.index, 'http', plainRequest('a', '/'))).toBeUndefined()
  expect(problems.map(({ what }) => what)).toEqual([
    'matcher HostSNI in rule Host(`a`) && HostSNI(`a`) is for TCP routes',
    expect.stringContaining('unknown matcher Hots'),
    'udp routes are not supported yet',
  ])
})

test('an instance that can’t be reached is no target, and the problem names both networks', () => {
  const inside = {
    ...vantage,
    place: place({ networks: ['edge'] }),
  }
  const { table, problems } = routeTable(catalogOf([instance()]), inside)
  expect(table.routes[0]?.targets).toEqual([])
  expect(problems).toMatchObject([
    { where: 'container shop-web-1', why: expect.stringMatching(/ours: edge; its: shop/) },
  ])
})

test('our own listener is known by every name of this machine', () => {
  const own = { ...nobody, ports: [8070] }
  const local = ['127.0.0.1', '127.9.9.9', '0.0.0.0', '::1', '::', '::ffff:127.0.0.1']
  expect(local.filter((ip) => !isOwnListener(own, ip, 8070))).toEqual([])
  expect(isOwnListener(own, '10.1.1.1', 8070)).toBe(false)
  expect(isOwnListener(own, '127.0.0.1', 8071)).toBe(false)
})

test('our own listeners and our own container are refused as targets', () => {
  const own = {
    listeners: [{ entrypoint: 'http', host: '::', port: 8080 }],
    waiting: [],
    ports: [8070],
    addresses: new Set(['10.1.1.1']),
    container: id('c'),
  }
  const { table, problems } = routeTable(
    catalogOf([
      instance({ port: 8080, ip: '10.1.1.1' }),
      instance({ port: 8070, container: id('b') }),
      instance({ port: 9000, container: id('c') }),
      instance({ port: 9000, container: id('d') }),
    ]),
    vantage,
    own,
  )
  expect(table.routes[0]?.targets.map(({ identity }) => identity.slice(0, 2))).toEqual(['dd'])
  expect(problems.map(({ what }) => what)).toEqual([
    '10.1.1.1:8080 is our own listener',
    '127.0.0.1:8070 is our own listener',
    'it is the container that we run in',
  ])
})

test('a hand-written route goes to a service by name or to fixed addresses', () => {
  const endpoints = [{ protocol: 'http', ip: '10.0.0.9', port: 80 }]
  const routes = written({
    'to-web': { rule: 'Host(`a`)', service: 'web' },
    fixed: { rule: 'Host(`b`)', endpoints },
    nobody: { rule: 'Host(`c`)', service: 'none' },
  })
  const { table, problems } = tableOf(catalogOf([instance({ port: 3000 })], { routes }))
  const shown = table.routes.map(({ name, service, source, targets }) => {
    return [name, service, source, targets.map(({ ip, port }) => `${ip}:${port}`)]
  })
  expect(shown).toEqual([
    ['to-web', 'shop/web', 'store', ['127.0.0.1:3000']],
    ['fixed', '-', 'store', ['10.0.0.9:80']],
    ['nobody', 'none', 'store', []],
    ['web', 'shop/web', 'label', ['127.0.0.1:3000']],
  ])
  expect(problems).toMatchObject([{ where: 'key routes/nobody' }])
})

test('a rule that stays is not read again when its endpoints change', () => {
  const reads: string[] = []
  const read = ruleReader(0)
  const maker = new TableMaker((text) => {
    reads.push(text)
    return read(text)
  })
  const at = (port: number) =>
    maker.make(catalogOf([instance({ rule: 'Host(`a`) && Path(`/b`)', port })]), vantage).table
      .routes[0]
  const [first, second] = [at(1), at(2)]
  expect(reads).toEqual(['Host(`a`) && Path(`/b`)'])
  expect(second?.targets[0]?.port).toBe(2)
  expect({ ...second, targets: [] }).toEqual({ ...first, targets: [] })
})
