import { expect, test } from 'vitest'

import { emptyCatalog, findService } from '../../src/core/catalog.ts'
import { identityOf, serviceId } from '../../src/core/instance.ts'
import { instanceKey, parseEntry } from '../../src/core/keys.ts'
import { containerId, instance } from './samples.ts'

const one = instance({ container: containerId('abc123def456') })
const key = '/portolan/instances/h1/abc123def456/3000'

test('an instance has the key of the contract and comes back from its value', () => {
  expect(instanceKey('/portolan', one)).toBe(key)
  expect(instanceKey('/portolan', { ...one, protocol: 'udp' })).toBe(`${key}:udp`)
  expect(parseEntry('/portolan', key, JSON.stringify(one))).toEqual({
    kind: 'instance',
    instance: one,
  })
})

test('unknown fields and newer versions are let pass', () => {
  const value = JSON.stringify({ ...one, v: 7, later: { x: 1 } })
  const read = parseEntry('/portolan', key, value)
  expect(read.kind === 'instance' && read.instance.service).toBe('web')
  expect(parseEntry('/portolan', '/portolan/certificates/x', 'whatever')).toEqual({ kind: 'other' })
})

for (const [name, at, value, words] of [
  ['no JSON', key, '10.0.0.1:80', /is not JSON; fix or delete it/],
  ['a wrong port', key, JSON.stringify({ ...one, port: 0 }), /not of its form.*port/],
  ['another instance', key.replace('3000', '3001'), JSON.stringify(one), /holds the instance of/],
  ['a broken route', '/portolan/routes/x', '{"v":1}', /routes\/x is not of its form/],
] as const) {
  test(`a key with ${name} is refused by name`, () => {
    expect(() => parseEntry('/portolan', at, value)).toThrow(words)
  })
}

test('routes, wishes and nodes are read', () => {
  const route = '{"v":1,"rule":"Host(`a`)","service":"shop/web"}'
  expect(parseEntry('/p', '/p/routes/a/b', route)).toMatchObject({
    kind: 'route',
    route: { name: 'a/b', endpoints: [] },
  })
  expect(parseEntry('/p', '/p/wishes/drain/h1/abc/80', '{"v":1,"value":true}')).toMatchObject({
    wish: 'drain',
    subject: 'h1/abc/80',
  })
})

test('identity is container, start and port, whatever the address', () => {
  const moved = { ...one, addresses: [{ network: 'x', ip: '10.0.0.1' }], name: 'other' }
  expect(identityOf(moved)).toBe(identityOf(one))
  for (const other of [
    { ...one, startedAt: 'later' },
    { ...one, port: 1 },
    { ...one, protocol: 'udp' as const },
  ]) {
    expect(identityOf(other)).not.toBe(identityOf(one))
  }
})

test('a service is found by its global name, else in the only project that has one', () => {
  const services = new Map(
    [
      instance(),
      instance({ project: 'b' }),
      instance({ project: '-', service: 'db' }),
      instance({ service: 'only' }),
    ].map((each) => [serviceId(each), [each]]),
  )
  expect([...services.keys()]).toEqual(['shop/web', 'b/web', 'db', 'shop/only'])
  expect(findService(services, 'db')).toEqual({ id: 'db' })
  expect(findService(services, 'only')).toEqual({ id: 'shop/only' })
  expect(findService(services, 'shop/web')).toEqual({ id: 'shop/web' })
  expect(findService(services, 'web')).toHaveProperty(
    'error',
    expect.stringContaining('shop/web, b/web'),
  )
  expect(findService(emptyCatalog.services, 'web')).toHaveProperty('error')
})

test('what hand-written routes have alike is there once', () => {
  const read = (name: string, more: object) => {
    const endpoints = [{ ip: '10.0.0.9', port: 80 }]
    const policy = { middlewares: { strip: { stripPrefix: ['/api'] } } }
    const value = { v: 1, rule: `Host(\`${name}\`)`, endpoints, policy, ...more }
    const stored = parseEntry('/p', `/p/routes/${name}`, JSON.stringify(value))
    return stored.kind === 'route' ? stored.route : undefined
  }
  const [a, b] = [read('a', { middlewares: ['strip'] }), read('b', { middlewares: ['strip'] })]
  expect(a).toMatchObject({ policy: { balance: 'p2c', middlewares: { strip: {} } } })
  for (const field of ['entrypoints', 'endpoints', 'middlewares', 'policy'] as const) {
    expect(a?.[field]).toBe(b?.[field])
  }
  expect(read('c', { endpoints: [{ ip: '10.0.0.9', port: 81 }] })?.endpoints[0]?.port).toBe(81)
})
