import { expect, test } from 'vitest'

import { identityOf } from '../../src/core/instance.ts'
import { healthSchema, type Policy, stickySchema } from '../../src/core/policy.ts'
import { backend, bed, catalogOf, instance, named, pause, type Sketch } from './bed.ts'

const id = (letter: string) => letter.repeat(64)
const policy = (more: Partial<Policy>): Sketch => ({ policy: { ...instance().policy, ...more } })

type Proxy = Awaited<ReturnType<typeof bed>>

/** Who answers `count` requests, one after the other. */
async function bodies(proxy: Proxy, count: number, headers: Record<string, string> = {}) {
  const all: string[] = []
  while (all.length < count) all.push((await proxy.get('/', { headers })).body)
  return all
}

async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await pause(10)
}

test('a sticky cookie keeps a client where it was; of a leaving endpoint it is renewed', async () => {
  await using one = await backend((_, response) => {
    response.setHeader('set-cookie', 'own=1').end('one')
  })
  await using two = await named('two')
  await using proxy = await bed()
  const sticky = policy({ sticky: stickySchema.parse({ cookie: 'lb' }) })
  const publish = (state: 'ready' | 'draining') =>
    proxy.catalog.set(
      catalogOf([
        instance({ ...sticky, port: one.port, state }),
        instance({ ...sticky, port: two.port, container: id('b') }),
      ]),
    )
  publish('ready')
  const firsts = [await proxy.get(), await proxy.get()]
  const first = firsts.find(({ body }) => body === 'one')
  const [own = '', given = ''] = first?.headers['set-cookie'] ?? []
  expect([own, given]).toEqual([
    'own=1',
    expect.stringMatching(/^lb=[\w-]{16}; Path=\/; HttpOnly$/),
  ])
  const [cookie = ''] = given.split(';')
  expect(new Set(await bodies(proxy, 6, { cookie }))).toEqual(new Set(['one']))
  expect((await proxy.get('/', { headers: { cookie } })).headers['set-cookie']).toEqual(['own=1'])
  publish('draining')
  const moved = await proxy.get('/', { headers: { cookie } })
  expect([moved.body, moved.headers['set-cookie']?.length]).toEqual(['two', 1])
})

test('a canary by cookie', async () => {
  await using stable = await named('stable')
  await using canary = await named('canary')
  await using proxy = await bed()
  proxy.catalog.set(
    catalogOf([
      instance({ port: stable.port, createdAt: '2026-02-01T00:00:00Z' }),
      instance({
        ...policy({ canary: { cookie: 'beta' } }),
        port: canary.port,
        container: id('b'),
      }),
    ]),
  )
  expect(new Set(await bodies(proxy, 4))).toEqual(new Set(['stable']))
  expect(new Set(await bodies(proxy, 4, { cookie: 'beta=1' }))).toEqual(new Set(['canary']))
  expect(proxy.problems()).toEqual([])
})

test('an endpoint that answers 500 five times is left for a while, and the view says so', async () => {
  await using good = await named('good')
  await using bad = await backend((_, response) => response.writeHead(500).end('bad'))
  await using proxy = await bed()
  const instances = [
    instance({ port: good.port }),
    instance({ port: bad.port, container: id('b') }),
  ] as const
  proxy.catalog.set(catalogOf(instances))
  expect((await bodies(proxy, 10)).filter((body) => body === 'bad')).toHaveLength(5)
  expect(new Set(await bodies(proxy, 6))).toEqual(new Set(['good']))
  const healths = instances.map((one) => proxy.proxy.upstream(identityOf(one))?.health)
  expect(healths).toEqual(['ok', 'ejected'])
})

test('only endpoints that pass their checks get requests; views, problems and metrics say so', async () => {
  let fine = true
  const checked = () =>
    backend(({ url }, response) => {
      if (url === '/healthz') response.writeHead(fine ? 200 : 503).end()
      else response.end('checked')
    })
  await using one = await checked()
  await using broken = await backend(({ url }, response) => {
    response.writeHead(url === '/healthz' ? 500 : 200).end('broken')
  })
  await using proxy = await bed({ holdMs: 30_000, workers: 2 })
  const health = healthSchema.parse({ path: '/healthz', intervalMs: 20, rise: 2, fall: 2 })
  const instances = [
    instance({ ...policy({ health }), port: one.port }),
    instance({ ...policy({ health }), port: broken.port, container: id('b'), name: 'broken-1' }),
  ] as const
  proxy.catalog.set(catalogOf(instances))
  // the first request waits for `rise` checks
  expect(new Set(await bodies(proxy, 4))).toEqual(new Set(['checked']))
  const healthOf = (at: 0 | 1) => proxy.proxy.upstream(identityOf(instances[at]))?.health
  expect([healthOf(0), healthOf(1)]).toEqual(['ok', 'check not passed yet: GET /healthz gave 500'])
  await until(() => proxy.problems().length === 1)
  expect(proxy.problems()).toMatchObject([{ where: 'container broken-1' }])
  const asked = { scheme: 'http', host: 'shop.test', port: proxy.port, path: '/' } as const
  const { endpoints } = proxy.proxy.explain({ ...asked, query: '', method: 'GET' })
  const notes = endpoints.map(({ used, note }) => `${used} ${note}`)
  expect(notes.toSorted()).toEqual(['false its check has not passed yet', 'true '])
  expect(await proxy.registry.metrics()).toMatch(
    /portolan_endpoint_checks_total\{service="shop\/web",result="fail"\} \d+/,
  )
  // the only one that ever passed fails: rather its check than nobody
  fine = false
  await until(() => healthOf(0)?.startsWith('failing check') === true)
  expect(await bodies(proxy, 2)).toEqual(['checked', 'checked'])
})

test('requests of an instance’s own node stay there while it is ready', async () => {
  await using near = await named('near')
  await using far = await named('far')
  await using proxy = await bed()
  const prefer = policy({ locality: 'prefer' })
  const there = {
    v: 1,
    node: 'h2',
    engine: 'e',
    session: 's',
    roles: [],
    version: '1',
    startedAt: '',
  }
  const nodes = new Map([['h2', { ...there, address: '127.0.0.1' }]])
  const publish = (state: 'ready' | 'unhealthy') =>
    proxy.catalog.set(
      catalogOf(
        [
          instance({ ...prefer, port: near.port, state }),
          instance({
            ...prefer,
            node: 'h2',
            container: id('b'),
            published: { ip: '0.0.0.0', port: far.port },
          }),
        ],
        { nodes },
      ),
    )
  publish('ready')
  expect(new Set(await bodies(proxy, 4))).toEqual(new Set(['near']))
  publish('unhealthy')
  expect(new Set(await bodies(proxy, 2))).toEqual(new Set(['far']))
})
