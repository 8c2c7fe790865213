import { expect, test } from 'vitest'

import type { Balance as Name } from '../../../src/core/policy.ts'
import { balanceOf } from '../../../src/proxy/balance/balances.ts'
import { type Member, rotationOf } from '../../../src/proxy/balance/rotation.ts'
import { asks, carrying, lots, member, tally, turnsOf } from './members.ts'

const keys = Array.from({ length: 10_000 }, (_, at) => `10.${at >> 8}.0.${at & 255}`)

/** Who gets each of the keys. */
function ownersOf(members: readonly Member[], name: Name = 'hash:ip') {
  const [balance, rotation] = [balanceOf(name, lots()), rotationOf(members)]
  return keys.map((ip) => balance(rotation, asks({ ip }), 0)?.upstream.identity ?? '')
}

const five = ['a', 'b', 'c', 'd', 'e']

test('keys are spread evenly, or by weight', () => {
  const even = tally(ownersOf(five.map((name) => member(name))))
  for (const name of five) expect((even[name] ?? 0) / keys.length).toBeCloseTo(0.2, 1)
  const uneven = tally(ownersOf([member('a', 3), member('b', 1)]))
  expect((uneven['a'] ?? 0) / keys.length).toBeCloseTo(0.75, 1)
})

test('one endpoint more takes its share, and no key moves between the others', () => {
  const before = ownersOf(five.map((name) => member(name)))
  const after = ownersOf([...five, 'f'].map((name) => member(name)))
  const moved = after.filter((owner, at) => owner !== before[at])
  expect(new Set(moved)).toEqual(new Set(['f']))
  expect(moved.length / keys.length).toBeCloseTo(1 / 6, 1)
})

test('one endpoint less gives its keys to all others, and no other key moves', () => {
  const before = ownersOf(five.map((name) => member(name)))
  const after = ownersOf(five.slice(1).map((name) => member(name)))
  const moved = before.filter((owner, at) => owner !== after[at])
  expect(new Set(moved)).toEqual(new Set(['a']))
  const heirs = after.filter((_, at) => before[at] === 'a')
  expect(new Set(heirs).size).toBe(4)
})

test('more weight takes keys from all, and nobody else gets any', () => {
  const before = ownersOf(five.map((name) => member(name)))
  const after = ownersOf(five.map((name) => member(name, name === 'a' ? 2 : 1)))
  const gained = after.filter((owner, at) => owner !== before[at])
  expect(new Set(gained)).toEqual(new Set(['a']))
})

test('the order of endpoints, and another process, make no difference', () => {
  const there = ownersOf(five.map((name) => member(name)))
  expect(ownersOf(five.toReversed().map((name) => member(name)))).toEqual(there)
})

for (const [name, ask] of [
  [
    'hash:header:X-User',
    (value = '') => asks({ headers: (it) => (it === 'x-user' && value !== '' ? [value] : []) }),
  ],
  ['hash:cookie:sid', (value = '') => asks(carrying({ sid: value }))],
] as const) {
  test(`${name}: the same value goes to the same endpoint; without one requests take turns`, () => {
    const [balance, rotation] = [balanceOf(name, lots()), rotationOf(five.map((it) => member(it)))]
    const owner = (value?: string) => balance(rotation, ask(value), 0)?.upstream.identity
    expect(owner('u1')).toBe(owner('u1'))
    expect(new Set(keys.slice(0, 100).map(owner)).size).toBe(5)
    expect(new Set(five.map(() => owner())).size).toBe(5)
    expect(new Set(five.map(() => owner(''))).size).toBe(5)
  })
}

test('bounded: the keys of a busy endpoint go elsewhere until it has less to do', () => {
  const members = five.map((name) => member(name))
  const [owner] = ownersOf(members)
  const busy = members.find(({ upstream }) => upstream.identity === owner)
  for (let count = 0; count < 10; count++) busy?.upstream.began()
  const [ip = ''] = keys
  const pick = (name: Name) =>
    balanceOf(name, lots())(rotationOf(members), asks({ ip }), 0)?.upstream.identity
  expect(pick('hash:ip')).toBe(owner)
  expect(pick('hash:ip:bounded')).not.toBe(owner)
  for (let count = 0; count < 10; count++) busy?.upstream.ended('moot', 0)
  expect(pick('hash:ip:bounded')).toBe(owner)
})

test('bounded: nobody has more than a quarter over its share', () => {
  const members = five.map((name) => member(name))
  const [balance, rotation] = [balanceOf('hash:ip:bounded', lots()), rotationOf(members)]
  // one address sends everything, and nothing ends
  for (let count = 0; count < 1000; count++) balance(rotation, asks(), 0)?.upstream.began()
  expect(Math.max(...members.map(({ upstream }) => upstream.inFlight))).toBeLessThanOrEqual(251)
  expect(turnsOf(balance, members, 1)).not.toEqual(['nobody'])
})
