import { expect, test } from 'vitest'

import { balanceSchema } from '../../../src/core/policy.ts'
import { balanceOf } from '../../../src/proxy/balance/balances.ts'
import { rotationOf } from '../../../src/proxy/balance/rotation.ts'
import { asks, lots, member, tally, turnsOf } from './members.ts'

const names = ['p2c', 'p2c:latency', 'round-robin', 'least', 'random', 'hash:ip'] as const

for (const name of ['p2c', 'round-robin', 'least'] as const) {
  test(`${name}: an idle pair strictly alternates, three take turns`, () => {
    const pair = turnsOf(balanceOf(name, lots()), [member('a'), member('b')], 6)
    expect(pair.slice(2)).toEqual([...pair.slice(0, 2), ...pair.slice(0, 2)])
    expect(new Set(pair).size).toBe(2)
    const three = [member('a'), member('b'), member('c')]
    expect(tally(turnsOf(balanceOf(name, lots()), three, 30))).toEqual({ a: 10, b: 10, c: 10 })
  })

  test(`${name}: idle endpoints get what their weights say`, () => {
    const members = [member('a', 3), member('b', 1), member('c', 0.5)]
    const got = tally(turnsOf(balanceOf(name, lots()), members, 900))
    expect(got).toEqual({ a: 600, b: 200, c: 100 })
  })
}

for (const name of ['p2c', 'least'] as const) {
  test(`${name}: of a busy and an idle endpoint the idle one is chosen`, () => {
    const busy = turnsOf(balanceOf(name, lots()), [member('a', 1, 5), member('b')], 10)
    expect(tally(busy)).toEqual({ b: 10 })
  })

  test(`${name}: an endpoint of twice the weight carries twice the load`, () => {
    const [big, small] = [member('big', 2), member('small', 1)]
    const [balance, rotation] = [balanceOf(name, lots()), rotationOf([big, small])]
    // requests that never end
    for (let count = 0; count < 300; count++) balance(rotation, asks(), 0)?.upstream.began()
    expect(big.upstream.inFlight / small.upstream.inFlight).toBeCloseTo(2, 1)
  })
}

test('p2c keeps twenty endpoints level, and avoids the one that hangs', () => {
  const members = Array.from({ length: 20 }, (_, at) => member(`m${at}`))
  const hanging = member('hanging', 1, 100)
  const [balance, rotation] = [balanceOf('p2c', lots()), rotationOf([...members, hanging])]
  for (let count = 0; count < 2000; count++) balance(rotation, asks(), 0)?.upstream.began()
  const loads = members.map(({ upstream }) => upstream.inFlight)
  expect(Math.max(...loads) - Math.min(...loads)).toBeLessThan(12)
  expect(hanging.upstream.inFlight).toBeLessThan(120)
})

test('round-robin has no bursts', () => {
  const members = [member('a', 5), member('b', 1), member('c', 1)]
  const turns = turnsOf(balanceOf('round-robin', lots()), members, 7)
  expect(turns).toEqual(['a', 'a', 'b', 'a', 'c', 'a', 'a'])
})

test('random follows the weights', () => {
  const members = [member('a', 3), member('b', 1)]
  const got = tally(turnsOf(balanceOf('random', lots()), members, 4000))
  expect((got['a'] ?? 0) / 4000).toBeCloseTo(0.75, 1)
  const even = [member('a'), member('b')]
  expect((tally(turnsOf(balanceOf('random', lots()), even, 4000))['a'] ?? 0) / 4000).toBeCloseTo(
    0.5,
    1,
  )
})

test('p2c:latency prefers the fast one, weighs what is in flight, and forgets with time', () => {
  let nowMs = 0
  const [fast, slow] = [member('fast', 1, 0, () => nowMs), member('slow', 1, 0, () => nowMs)]
  for (const [{ upstream }, tookMs] of [
    [fast, 10],
    [slow, 40],
  ] as const) {
    upstream.answered(tookMs)
  }
  const [balance, rotation] = [balanceOf('p2c:latency', lots()), rotationOf([fast, slow])]
  const next = () => balance(rotation, asks(), nowMs)?.upstream
  expect([next(), next()]).toEqual([fast.upstream, fast.upstream])
  for (let count = 0; count < 5; count++) fast.upstream.began()
  expect(next()).toBe(slow.upstream)
  for (let count = 0; count < 5; count++) fast.upstream.ended('moot', 0)
  // the slow one's latency fades while only the fast one is measured
  nowMs = 60_000
  fast.upstream.answered(10)
  expect(next()).toBe(slow.upstream)
})

test('p2c:latency gives an endpoint that has never answered one request, not all', () => {
  const [known, fresh] = [member('known'), member('fresh')]
  known.upstream.answered(10)
  const [balance, rotation] = [balanceOf('p2c:latency', lots()), rotationOf([known, fresh])]
  const next = () => balance(rotation, asks(), 0)?.upstream
  expect(next()).toBe(fresh.upstream)
  fresh.upstream.began()
  expect([next(), next()]).toEqual([known.upstream, known.upstream])
})

for (const name of names) {
  test(`${name}: one is always chosen, none of none`, () => {
    const balance = balanceOf(name, lots())
    expect(turnsOf(balance, [], 1)).toEqual(['nobody'])
    expect(turnsOf(balance, [member('only')], 3)).toEqual(['only', 'only', 'only'])
  })
}

test('names of balances', () => {
  const isName = (text: string) => balanceSchema.safeParse(text).success
  expect(['hash:header:X-User', 'hash:cookie:sid:bounded', 'hash:ip:bounded'].every(isName)).toBe(
    true,
  )
  expect(['hash', 'hash:header', 'hash:ip:x', 'p3c', 'least:bounded'].some(isName)).toBe(false)
})
