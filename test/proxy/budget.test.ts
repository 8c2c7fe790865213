import { expect, test } from 'vitest'

import { retryBudget } from '../../src/proxy/exchange/budget.ts'
import { Repeats } from '../../src/proxy/exchange/repeats.ts'
import { target } from './balance/members.ts'
import { scene } from './balance/scene.ts'

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

test('three runs may lose a request, each more than once, but not four of them, nor one without end', () => {
  const { get } = scene([target('a'), target('b'), target('c'), target('d')])
  const lostBy = (...names: readonly string[]) => {
    const repeats = new Repeats()
    return names.filter((name) => {
      const may = repeats.mayFollow(get(name))
      if (may) repeats.follow(get(name))
      return may
    }).length
  }
  expect(lostBy('a', 'b', 'c', 'd')).toBe(3)
  expect(lostBy('a', 'a', 'b', 'b', 'c', 'c', 'd')).toBe(6)
  expect(lostBy('a', 'b', 'a', 'b')).toBe(3)
  expect(lostBy(...Array.from({ length: 9 }, () => 'a'))).toBe(6)
})
