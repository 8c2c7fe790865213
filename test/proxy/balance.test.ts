import { expect, test } from 'vitest'

import { type Balance, balances } from '../../src/proxy/balance.ts'
import { retryBudget } from '../../src/proxy/exchange/budget.ts'

const one = { name: 'one', weight: 1, busy: 0 }
const two = { name: 'two', weight: 1, busy: 0 }
const three = { name: 'three', weight: 1, busy: 0 }

function counts(balance: Balance, candidates: (typeof one)[], turns: number) {
  const names = Array.from({ length: turns }, () => balance(candidates)?.name ?? '')
  return Object.fromEntries(
    [...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]),
  )
}

for (const name of ['p2c', 'round-robin', 'least'] as const) {
  test(`${name}: idle endpoints take turns`, () => {
    const balance = balances[name]()
    const names = Array.from({ length: 6 }, () => balance([one, two])?.name)
    expect(names.slice(2)).toEqual([...names.slice(0, 2), ...names.slice(0, 2)])
    expect(new Set(names).size).toBe(2)
    expect(counts(balances[name](), [one, two, three], 30)).toEqual({ one: 10, two: 10, three: 10 })
  })
}

for (const name of ['p2c', 'least'] as const) {
  test(`${name}: of a busy and an idle endpoint the idle one is chosen`, () => {
    expect(counts(balances[name](), [{ ...one, busy: 5 }, two], 10)).toEqual({ two: 10 })
  })
}

test('round-robin gives each endpoint its weight, without bursts', () => {
  const balance = balances['round-robin']()
  const candidates = [{ ...one, weight: 3 }, two]
  const names = Array.from({ length: 8 }, () => balance(candidates)?.name)
  expect(names).toEqual(['one', 'one', 'two', 'one', 'one', 'one', 'two', 'one'])
})

test('random follows the weights', () => {
  let draw = 0
  const even = () => (draw = (draw + 0.01) % 1)
  expect(counts(balances.random(even), [{ ...one, weight: 3 }, two], 100)).toEqual({
    one: 75,
    two: 25,
  })
})

test('retries are a fifth of the requests and ten a second', () => {
  const budget = retryBudget(0)
  const spent = (nowMs: number) => {
    let count = 0
    while (budget.spend(nowMs)) count++
    return count
  }
  expect(spent(0)).toBe(100)
  expect(spent(1000)).toBe(10)
  for (let at = 0; at < 51; at++) budget.earn()
  expect(spent(1000)).toBe(10)
})
