import { expect, test } from 'vitest'

import type { Catalog } from '../../src/core/catalog.ts'
import { live } from '../../src/core/live.ts'
import type { Probed } from '../../src/proxy/checks/probing.ts'
import { type Asked, explainRequest } from '../../src/proxy/explain.ts'
import { MadeTables } from '../../src/proxy/table/tables.ts'
import { catalogOf, instance, vantage } from './bed.ts'

const listeners = [{ entrypoint: 'http', host: '', port: 8080 }]
const own = {
  listeners,
  waiting: [],
  ports: [],
  addresses: new Set<string>(),
  container: undefined,
}

/** What is said of a request of `http://h/`, or of `asked`, with this catalog. */
function explained(catalog: Catalog, asked: Partial<Asked> = {}) {
  const current = new MadeTables({
    catalog: live(catalog),
    vantage: live(vantage),
    own: () => own,
    report: () => {},
    changed: () => {},
  })
  const plain = {
    scheme: 'http',
    host: 'h',
    port: undefined,
    path: '/',
    query: '',
    method: 'GET',
  } as const
  return explainRequest(current, unchecked, listeners, { ...plain, ...asked })
}

const unchecked: Probed = { checks: new Map(), roleOf: () => 'unknown' }

type Routes = Readonly<Record<string, string | readonly [string, number]>>

const withRoutes = (all: Routes) =>
  catalogOf([
    instance({
      routes: Object.entries(all).map(([name, rule]) =>
        typeof rule === 'string' ? { name, rule } : { name, rule: rule[0], priority: rule[1] },
      ),
    }),
  ])

for (const [sentence, all, asked, name, why] of [
  ['a host by name', { w: 'Host(`**.x`)', e: 'Host(`a.x`)' }, { host: 'a.x' }, 'e', /by its name/],
  [
    'a longer wildcard',
    { s: 'Host(`**.x`)', l: 'Host(`**.b.x`)' },
    { host: 'a.b.x' },
    'l',
    /longer wildcard/,
  ],
  [
    'an expression',
    { n: 'PathPrefix(`/`)', x: 'HostRegexp(`^a.*$`)' },
    { host: 'a.x' },
    'x',
    /by an expression/,
  ],
  [
    'a longer path',
    { a: 'Host(`h`)', b: 'Host(`h`) && PathPrefix(`/b`)' },
    { path: '/b' },
    'b',
    /longer path \(2 characters, not 0/,
  ],
  [
    'more conditions',
    { a: 'Host(`h`)', m: 'Host(`h`) && Method(`GET`)' },
    {},
    'm',
    /more conditions \(2, not 1/,
  ],
  [
    'a priority',
    { a: 'Host(`h`) && PathPrefix(`/`)', p: ['Host(`h`)', 1000] },
    {},
    'p',
    /priority 1000 \(p\) comes before no priority/,
  ],
  [
    'the name at last',
    { b: 'Host(`h`) || Host(`i`)', a: 'Host(`h`) || Host(`j`)' },
    {},
    'a',
    /by name/,
  ],
] satisfies [string, Routes, Partial<Asked>, string, RegExp][]) {
  test(`${sentence} wins, and the other is told why`, () => {
    const said = explained(withRoutes(all), asked)
    expect(said.route?.name).toBe(name)
    expect(said.others).toHaveLength(1)
    expect(said.others[0]?.why).toMatch(why)
    expect(said.status).toBeUndefined()
  })
}

test('what a request has besides host and path decides too', () => {
  const all = withRoutes({ post: 'Host(`h`) && Method(`POST`)', q: 'Host(`h`) && Query(`a`, `b`)' })
  expect(explained(all, { method: 'POST' }).route?.name).toBe('post')
  expect(explained(all, { query: 'a=b' }).route?.name).toBe('q')
  expect(explained(all)).toMatchObject({
    status: 404,
    why: expect.stringContaining('something else'),
  })
})

const inState = (state: 'ready' | 'starting' | 'unhealthy' | 'draining', weight = 1) =>
  instance({
    container: state.padEnd(64, 'a').replaceAll(/[^a-f]/g, 'b'),
    state,
    weight,
    routes: [{ name: 'r', rule: 'Host(`h`)' }],
  })

for (const [sentence, catalog, asked, status, why] of [
  ['nobody knows the host', catalogOf([]), {}, 404, /no route has this host/],
  ['nothing was read yet', catalogOf([], { complete: false }), {}, 503, /not been read/],
  ['a host that is none', catalogOf([]), { host: 'a b' }, 400, /no host name/],
  [
    'an entrypoint that is not open',
    catalogOf([]),
    { scheme: 'https' },
    undefined,
    /https is not open here \(open: http\)/,
  ],
  ['all are unhealthy', catalogOf([inState('unhealthy')]), {}, 503, /no endpoint is ready/],
  ['one is starting', catalogOf([inState('starting')]), {}, 503, /waits up to --hold/],
  ['only draining ones', catalogOf([inState('draining')]), {}, undefined, /draining endpoints/],
  [
    'one is ready',
    catalogOf([inState('ready'), inState('draining')]),
    {},
    undefined,
    /ready endpoints/,
  ],
  [
    'a middleware that nobody knows',
    catalogOf([instance({ routes: [{ name: 'r', rule: 'Host(`h`)', middlewares: ['none'] }] })]),
    {},
    503,
    /closed: middleware none/,
  ],
] satisfies [string, Catalog, Partial<Asked>, number | undefined, RegExp][]) {
  test(`${sentence}: ${status ?? 'no status of our own'}`, () => {
    const said = explained(catalog, asked)
    expect(said.status).toBe(status)
    expect(said.why).toMatch(why)
  })
}

test('endpoints are all shown, with those that get requests', () => {
  const said = explained(catalogOf([inState('ready'), inState('draining'), inState('unhealthy')]))
  expect(said.endpoints.map(({ state, used }) => [state, used])).toEqual(
    expect.arrayContaining([
      ['ready', true],
      ['draining', false],
      ['unhealthy', false],
    ]),
  )
})
