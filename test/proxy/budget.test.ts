import { expect, test } from 'vitest'

import { retryBudget } from '../../src/proxy/exchange/budget.ts'

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
