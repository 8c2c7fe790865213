import { expect, test } from 'vitest'

import { healthSchema, stickySchema } from '../../../src/core/policy.ts'
import { cookieIn } from '../../../src/proxy/balance/cookies.ts'
import type { Target } from '../../../src/proxy/table/route.ts'
import { sharing } from '../../../src/proxy/worker/canary.ts'
import { stickyCookie, tokenOf } from '../../../src/proxy/worker/sticky.ts'
import { asks, carrying, tally, target } from './members.ts'
import { scene } from './scene.ts'

const sticky = stickySchema.parse({ cookie: 'lb' })
const three = ['a', 'b', 'c'].map((name) => target(name))
const boundTo = (name: string) => carrying({ lb: tokenOf(name) })

/** Who gets `count` requests. */
const share = (next: () => string | undefined, count: number) =>
  tally(Array.from({ length: count }, () => next() ?? ''))

test('a sticky cookie wins over the balance; who has none gets one', () => {
  const { next, cookie } = scene(three, { sticky })
  expect(share(() => next(boundTo('b')), 10)).toEqual({ b: 10 })
  expect(cookie('b', boundTo('b'))).toBeUndefined()
  expect(cookie('b')).toBe(`lb=${tokenOf('b')}; Path=/; HttpOnly`)
  expect(cookie('b', boundTo('a'))).toBe(`lb=${tokenOf('b')}; Path=/; HttpOnly`)
  expect(cookie('b', carrying({ lb: 'forged' }))).toContain(tokenOf('b'))
})

test('without stickiness there is no cookie', () => {
  expect(scene(three).cookie('a')).toBeUndefined()
})

test('a token is of the identity, and tells nothing of it', () => {
  expect(tokenOf('4f1e@2026-01-01T00:00:00Z:80')).toMatch(/^[\w-]{16}$/)
  expect(tokenOf('4f1e@2026-01-01T00:00:00Z:80')).not.toBe(tokenOf('4f1e@2026-01-02T00:00:00Z:80'))
})

test('sessions stay where they are while others come and go', () => {
  const { next, publish } = scene(three, { sticky })
  publish([...three, target('d')])
  expect(next(boundTo('b'))).toBe('b')
  publish([target('b'), target('d')])
  expect(next(boundTo('b'))).toBe('b')
})

for (const state of ['draining', 'unhealthy'] as const) {
  test(`who is bound to an endpoint that is ${state} goes to another and is bound to that`, () => {
    const { next, publish, cookie } = scene(three, { sticky })
    publish([target('a', { state }), target('b')])
    expect(next(boundTo('a'))).toBe('b')
    expect(cookie('b', boundTo('a'))).toContain(tokenOf('b'))
  })
}

test('who is bound to an endpoint that was tried, or rests, goes to another', () => {
  const { next, end } = scene(three, { sticky })
  for (const name of ['a', 'b', 'c']) end(name, 'ok')
  expect(next(boundTo('a'), ['a'])).not.toBe('a')
  end('a', 'connect')
  expect(next(boundTo('a'))).not.toBe('a')
})

test('all that Traefik’s options ask for is in the cookie', () => {
  const all = { secure: true, httpOnly: false, sameSite: 'none', domain: 'x.test', path: '/app' }
  const made = (more: object) => stickyCookie(stickySchema.parse({ cookie: 'lb', ...more }), 't')
  expect(made({ ...all, maxAge: 60 })).toBe(
    'lb=t; Path=/app; Domain=x.test; Max-Age=60; Secure; SameSite=None',
  )
  expect(made({ maxAge: 0 })).toBe('lb=t; Path=/; HttpOnly')
  expect(made({ maxAge: -1 })).toBe('lb=t; Path=/; Max-Age=0; HttpOnly')
})

test('cookies are found by their whole name', () => {
  const header = 'xlb=1; lb=two ; lbx=3;lb2=4; lb=again; q="a=b"'
  expect(['lb', 'xlb', 'lb2', 'q', 'l'].map((name) => cookieIn(header, name))).toEqual([
    'two',
    '1',
    '4',
    '"a=b"',
    undefined,
  ])
  expect(cookieIn('', 'lb')).toBeUndefined()
})

/** One stable and one canary, which are checked. */
const pair = (old: Target['state'], fresh: Target['state']) => [
  target('old', { slot: 1, health: healthSchema.parse({}), state: old }),
  target('new', {
    slot: 2,
    health: healthSchema.parse({}),
    state: fresh,
    canary: { share: 0.5 },
  }),
]

const canariesOf = (canary: Target['canary']) => [target('old'), target('new', { canary })]

test('a canary gets its share, evenly', () => {
  const { next } = scene(canariesOf({ share: 0.05 }))
  expect(share(next, 200)).toEqual({ old: 190, new: 10 })
  const tenth = sharing()
  const rounds = Array.from({ length: 10 }, () =>
    Array.from({ length: 10 }, () => tenth(0.1)).filter(Boolean),
  )
  expect(rounds.map(({ length }) => length)).toEqual(Array.from({ length: 10 }, () => 1))
})

test('a canary by cookie gets those who have it, and nobody else', () => {
  const { next } = scene(canariesOf({ cookie: 'beta' }))
  expect(share(next, 10)).toEqual({ old: 10 })
  expect(share(() => next(carrying({ beta: 'yes' })), 10)).toEqual({ new: 10 })
  for (const beta of ['', '0', 'false', 'never']) expect(next(carrying({ beta }))).toBe('old')
})

test('with canaries only, or none that is ready, everybody gets what there is', () => {
  const canary = { cookie: 'beta' }
  const { next, publish } = scene([target('new', { canary })])
  expect(next()).toBe('new')
  publish([target('old'), target('new', { canary, state: 'unhealthy' })])
  expect(next(carrying({ beta: '1' }))).toBe('old')
})

for (const [how, fail] of [
  ['drains', ({ publish }) => publish(pair('ready', 'draining'))],
  ['is ejected', ({ end }) => end('new', 'status5xx', 5)],
  ['fails its check', ({ checked }) => checked({ old: 'passing', new: 'failing' })],
] as const satisfies [string, (on: ReturnType<typeof scene>) => unknown][]) {
  test(`the only canary gets nothing, not even its sessions, while it ${how}`, () => {
    const on = scene(pair('ready', 'ready'), { sticky })
    on.checked({ old: 'passing', new: 'passing' })
    on.end('old', 'ok')
    on.end('new', 'ok')
    expect(share(on.next, 4)).toEqual({ old: 2, new: 2 })
    fail(on)
    expect(share(on.next, 10)).toEqual({ old: 10 })
    expect(share(() => on.next(boundTo('new')), 4)).toEqual({ old: 4 })
  })
}

test('stable ones that drain get nothing while a canary is ready; those that fail keep theirs', () => {
  const { next, publish, end, checked } = scene(pair('ready', 'ready'))
  end('old', 'ok')
  end('new', 'ok')
  checked({ old: 'failing', new: 'passing' })
  end('old', 'status5xx', 5)
  expect(share(next, 10)).toEqual({ old: 5, new: 5 })
  publish(pair('draining', 'ready'))
  expect(share(next, 10)).toEqual({ new: 10 })
  publish(pair('draining', 'starting'))
  expect(share(next, 10)).toEqual({ old: 10 })
})

test('a share of a canary does not tear sessions away', () => {
  const { next } = scene(canariesOf({ share: 0.5 }), { sticky })
  expect(share(() => next(boundTo('old')), 10)).toEqual({ old: 10 })
  expect(share(() => next(boundTo('new')), 10)).toEqual({ new: 10 })
  expect(share(next, 10)).toEqual({ old: 5, new: 5 })
})

test('mirrors get copies of their share, and no requests', () => {
  const { next, choosing, route, now } = scene([target('a'), target('m', { mirror: 0.25 })])
  expect(share(next, 10)).toEqual({ a: 10 })
  const copies = Array.from({ length: 8 }, () => choosing.mirrorOf(route(), asks(), now()))
  expect(copies.map((one) => one?.identity)).toEqual(
    [1, 2, 3, 4, 5, 6, 7, 8].map((at) => (at % 4 === 0 ? 'm' : undefined)),
  )
})

test('slow start: the weight grows with time since it was ready first', () => {
  const { next, publish, end, later } = scene([target('a')], { slowStartMs: 10_000 })
  later(60_000)
  end('a', 'ok')
  publish([target('a'), target('b')])
  end('b', 'ok')
  const counts: number[] = []
  for (const ms of [0, 2500, 2500, 5000]) {
    later(ms)
    counts.push(share(next, 300)['b'] ?? 0)
  }
  // a twentieth, a quarter, a half, the whole of its weight: b's part of 1 + that
  expect(counts.map((count) => Math.round(count / 10))).toEqual([1, 6, 10, 15])
})

test('slow start is over for good: a change of others, or an illness, begins none', () => {
  const { next, publish, end, later } = scene([target('a'), target('b')], { slowStartMs: 10_000 })
  end('a', 'ok')
  end('b', 'ok')
  later(10_000)
  publish([target('a'), target('b', { state: 'unhealthy' })])
  publish([target('a'), target('b')])
  expect(share(next, 20)).toEqual({ a: 10, b: 10 })
})

test('slow start begins when an endpoint listens, if it did not at first', () => {
  const { next, publish, end, later } = scene([target('a')], { slowStartMs: 10_000 })
  later(60_000)
  end('a', 'ok')
  publish([target('a'), target('b')])
  end('b', 'connect')
  later(20_000)
  end('b', 'ok')
  expect(share(next, 300)['b']).toBeLessThan(20)
  later(10_000)
  expect(share(next, 300)['b']).toBe(150)
})

const places = (...states: readonly ('ready' | 'unhealthy')[]) => [
  ...states.map((state, at) => target(`near${at}`, { state })),
  target('far0', { own: false }),
  target('far1', { own: false }),
]

test('the own node’s endpoints are preferred while at least half of them are ready', () => {
  const { next, publish } = scene(places('ready', 'ready'), { locality: 'prefer' })
  const isNear = () => next()?.startsWith('near') === true
  const all = () => Array.from({ length: 12 }, isNear)
  expect(all()).not.toContain(false)
  publish(places('ready', 'unhealthy'))
  expect(all()).not.toContain(false)
  publish(places('ready', 'unhealthy', 'unhealthy'))
  expect(all()).toContain(false)
  publish(places('unhealthy'))
  expect(all()).not.toContain(true)
})

test('others help when those of the own node are busy', () => {
  const { next, get } = scene(places('ready'), { locality: 'prefer' })
  for (let count = 0; count < 31; count++) get('near0').began()
  expect(share(next, 10)).toEqual({ near0: 10 })
  get('near0').began()
  expect(share(next, 10)['near0'] ?? 0).toBeLessThan(10)
})

test('they do so by turns, though nobody has reached them before, whatever weights are', () => {
  const all = places('ready').map((one) => ({ ...one, weight: 100 }))
  const { next, get, end } = scene(all, { locality: 'prefer' })
  end('near0', 'ok')
  for (let count = 0; count < 31; count++) get('near0').began()
  expect(share(next, 10)).toEqual({ near0: 10 })
  get('near0').began()
  expect(new Set([next(), next()])).toEqual(new Set(['far0', 'far1']))
  end('far0', 'ok')
  end('far1', 'ok')
  const { far0 = 0, far1 = 0, ...others } = share(next, 60)
  expect([others, far0 + far1, far0 > 20, far1 > 20]).toEqual([{}, 60, true, true])
})

test('a new one of the own node gets one request until a connect has succeeded', () => {
  const { next, end } = scene(places('ready'), { locality: 'prefer' })
  end('far0', 'ok')
  end('far1', 'ok')
  expect(share(next, 10)['near0']).toBe(1)
  end('near0', 'ok')
  expect(share(next, 10)).toEqual({ near0: 10 })
})

test('turns and credits outlive changes of others', () => {
  const { next, publish } = scene([target('a', { weight: 3 }), target('b')], {
    balance: 'round-robin',
  })
  expect([next(), next()]).toEqual(['a', 'a'])
  publish([target('a', { weight: 3 }), target('b')])
  expect([next(), next()]).toEqual(['b', 'a'])
})

test('after a change of great weights nobody is owed what it was owed before', () => {
  const heavy = target('a', { weight: 1000 })
  const { next, publish } = scene([heavy, target('b')], { balance: 'round-robin' })
  expect(share(next, 400)).toEqual({ a: 400 })
  publish([target('a'), target('b')])
  expect(share(next, 20)['a']).toBeGreaterThan(7)
})

test('a route that was gone begins anew', () => {
  const all = [target('a', { weight: 3 }), target('b')]
  const { next, publish, choosing, route } = scene(all, { balance: 'round-robin' })
  expect([next(), next()]).toEqual(['a', 'a'])
  choosing.settle([{ before: route(), after: undefined }])
  publish(all)
  expect([next(), next(), next()]).toEqual(['a', 'a', 'b'])
})
