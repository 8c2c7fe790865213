import { Agent, request } from 'node:http'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { healthSchema, policySchema } from '../../../src/core/policy.ts'
import { probe } from '../../../src/proxy/checks/probe.ts'
import { proxyAnnouncement } from '../../../src/proxy/tcp/proxy-announce.ts'
import { authority } from '../../certs/authority.ts'
import { bed, catalogOf, instance, named, raw } from '../bed.ts'
import { proxiedEndpoint } from './endpoint.ts'

const limitMs = 60_000
let ca: Awaited<ReturnType<typeof authority>>
let secrets: { readonly cert: string; readonly key: string }

beforeAll(async () => {
  ca = await authority()
  secrets = await ca.certificate({ names: ['DNS:shop.test'] })
}, limitMs)
afterAll(() => ca[Symbol.asyncDispose]())

const told = (version: 1 | 2) => policySchema.parse({ proxyProtocol: version })

/** A client that keeps one connection. */
function client(port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let own = 0
  return {
    /** What its address is, as the endpoint is to be told. */
    address: () => `127.0.0.1 ${own}`,
    async get(path = '/', more: { method?: string; body?: string } = {}) {
      const { method = 'GET', body } = more
      const options = {
        host: '127.0.0.1',
        port,
        path,
        method,
        agent,
        headers: { host: 'shop.test' },
      }
      return await new Promise<string>((resolve, reject) => {
        const asked = request(options, (answer) => void text(answer).then(resolve, reject))
        asked.on('socket', (socket: Socket) => {
          const note = () => (own = socket.localPort ?? 0)
          if (socket.connecting) socket.once('connect', note)
          else note()
        })
        asked.on('error', reject)
        asked.end(body)
      })
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}

test.each([
  ['http', 1],
  ['http', 2],
  ['https', 2],
  ['h2c', 2],
] as const)(
  'an endpoint of %s is told by version %i who asks, and no connection is shared',
  async (protocol, version) => {
    await using service = await proxiedEndpoint(protocol, secrets)
    await using proxy = await bed()
    const policy = told(version)
    proxy.catalog.set(catalogOf([instance({ port: service.port, protocol, policy })]))
    using one = client(proxy.port)
    using two = client(proxy.port)
    for (let turn = 0; turn < 3; turn++) {
      expect(await one.get(`/one${turn}`)).toBe(one.address())
      expect(await two.get(`/two${turn}`)).toBe(two.address())
    }
    // each has kept its own
    if (protocol === 'http') expect(service.told).toHaveLength(2)
    expect(await one.get('/', { method: 'POST', body: 'hello' })).toBe(one.address())
    expect(one.address()).not.toBe(two.address())
    expect(service.asked).toHaveLength(7)
  },
  limitMs,
)

test('who is told is whom a trusted peer has named', async () => {
  await using service = await proxiedEndpoint('http')
  await using proxy = await bed({ trust: ['127.0.0.1'] })
  proxy.catalog.set(catalogOf([instance({ port: service.port, policy: told(2) })]))
  const ends = {
    source: { ip: '203.0.113.7', port: 54_321 },
    destination: { ip: '198.51.100.1', port: 80 },
  }
  const head = proxyAnnouncement(1, ends).toString('latin1')
  const answer = await raw(proxy.port, `${head}GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n`)
  expect(answer).toMatch(/203\.0\.113\.7 54321$/)
})

test('only those endpoints are told that want it', async () => {
  await using service = await proxiedEndpoint('http')
  await using other = await named('plain')
  await using proxy = await bed()
  const container = 'b'.repeat(64)
  proxy.catalog.set(
    catalogOf([
      instance({ port: service.port, policy: told(1) }),
      instance({ port: other.port, container, startedAt: '2026-01-02T00:00:00Z' }),
    ]),
  )
  using one = client(proxy.port)
  const answers = new Set<string>()
  for (let turn = 0; turn < 10; turn++) answers.add(await one.get())
  expect([...answers].toSorted()).toEqual([one.address(), 'plain'])
})

test('a mirror is told, too', async () => {
  await using service = await named('service')
  await using mirror = await proxiedEndpoint('http')
  await using proxy = await bed()
  const policy = policySchema.parse({ mirror: 1, proxyProtocol: 2 })
  const container = 'b'.repeat(64)
  proxy.catalog.set(
    catalogOf([
      instance({ port: service.port }),
      instance({ port: mirror.port, container, policy }),
    ]),
  )
  using one = client(proxy.port)
  expect(await one.get('/a')).toBe('service')
  await expect.poll(() => mirror.asked, { timeout: 30_000 }).toEqual(['/a'])
  expect(mirror.told).toMatchObject([{ kind: 'header', ends: { source: { ip: '127.0.0.1' } } }])
})

test.each([
  ['http', 'http', 1],
  ['http', 'http', 2],
  ['https', 'https', 2],
  ['http', 'tcp', 1],
] as const)(
  'an endpoint of %s is checked by %s with a header of version %i',
  async (protocol, kind, proxyProtocol) => {
    await using service = await proxiedEndpoint(protocol, secrets)
    const place = { ip: '127.0.0.1', port: service.port, proxyProtocol }
    const check = healthSchema.parse({ kind })
    expect(await probe(place, check, new AbortController().signal)).toMatchObject({ passed: true })
    await expect.poll(() => service.told).toMatchObject([{ kind: 'header', ends: undefined }])
  },
)

test.each(['http', 'https', 'grpc', 'tcp'] as const)(
  'a check by %s of nobody fails',
  async (kind) => {
    const place = { ip: '127.0.0.1', port: 1, proxyProtocol: 2 } as const
    const check = healthSchema.parse({ kind })
    const { passed, why } = await probe(place, check, new AbortController().signal)
    expect({ passed, why }).toEqual({ passed: false, why: expect.stringContaining('ECONNREFUSED') })
  },
)

test('one that can not be reached is a 502', async () => {
  await using proxy = await bed({ holdMs: 0 })
  for (const protocol of ['http', 'https', 'h2c'] as const) {
    proxy.catalog.set(catalogOf([instance({ port: 1, protocol, policy: told(2) })]))
    expect((await proxy.get()).status).toBe(502)
  }
})
