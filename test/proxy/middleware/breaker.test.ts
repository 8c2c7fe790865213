import { expect, test } from 'vitest'

import { conditionOf, type Measures } from '../../../src/proxy/middleware/breaker/expression.ts'
import { rollingWindow } from '../../../src/proxy/middleware/breaker/window.ts'
import { chainOf, requestOf, siteOf } from './drafts.ts'

/** Of all requests 30 % had no answer, half of those that had one an error; the median took 40 ms. */
const measures: Measures = {
  networkErrorRatio: () => 0.3,
  latencyAtQuantileMs: (quantile) => quantile * 0.8,
  responseCodeRatio: (from, to, of, all) => (from === 500 && to === 600 ? 0.5 : of + all),
}

for (const [expression, expected] of [
  ['NetworkErrorRatio() > 0.29', true],
  ['NetworkErrorRatio() > 0.30', false],
  ['NetworkErrorRatio()>=0.3', true],
  ['LatencyAtQuantileMS(50.0) == 40', true],
  ['LatencyAtQuantileMS(50.0) != 40', false],
  ['ResponseCodeRatio(500, 600, 0, 600) <= 0.5', true],
  ['0.5 < ResponseCodeRatio(500, 600, 0, 600)', false],
  ['1 > 2 && 1 > 2 || 2 > 1', true],
  ['1 > 2 && (1 > 2 || 2 > 1)', false],
  ['  ( 1 < 2 ) ', true],
] as const) {
  test(`${expression} is ${expected}`, () => {
    expect(conditionOf(expression)(measures)).toBe(expected)
  })
}

for (const [expression, problem] of [
  ['', /its end is no number/],
  ['1', /its end stands where > or </],
  ['NetworkErrorRatio > 1', />" stands where \(/],
  ['NetworkErrorRatio(1) > 1', /takes 0 numbers, not 1/],
  ['ResponseCodeRatio(500, 600) > 1', /takes 4 numbers, not 2/],
  ['Latency() > 1', /"Latency" is no number/],
  ['toString() > 1', /"toString" is no number/],
  ['1 > 2 3', /"3" is too much/],
  ['(1 > 2', /its end stands where \)/],
  ['1 > 2 & 1 < 2', /"& 1 < 2" can't be read/],
  [`${'('.repeat(100)}1 > 2`, /too deep/],
] as const) {
  test(`${JSON.stringify(expression.slice(0, 20))} is refused with what to write instead`, () => {
    expect(() => conditionOf(expression)).toThrow(problem)
    expect(() => conditionOf(expression)).toThrow(/write one such as NetworkErrorRatio/)
  })
}

test('the window holds ten seconds, and is right to some percent', () => {
  let now = 5_000_000
  const window = rollingWindow(() => now)
  const seen = window.measures
  expect(seen.latencyAtQuantileMs(50)).toBe(0)
  for (let ms = 1; ms <= 1000; ms++) window.add(ms % 4 === 0 ? 503 : 200, ms % 10 === 0, ms)
  expect(seen.networkErrorRatio()).toBe(0.1)
  expect(seen.responseCodeRatio(500, 600, 0, 600)).toBe(0.25)
  expect(seen.responseCodeRatio(400, 500, 300, 400)).toBe(0)
  for (const quantile of [10, 50, 99]) {
    const ratio = seen.latencyAtQuantileMs(quantile) / (quantile * 10)
    expect(ratio).toBeGreaterThan(0.99)
    expect(ratio).toBeLessThan(1.08)
  }
  now += 9000
  window.add(200, false, 1)
  expect(seen.networkErrorRatio()).toBeCloseTo(100 / 1001)
  now += 1000
  expect(seen.networkErrorRatio()).toBe(0)
})

/** A breaker whose clock and requests a test makes. */
function breaker() {
  let now = 5_000_000
  const site = siteOf({ nowMs: () => now })
  const expression = 'ResponseCodeRatio(500, 600, 0, 600) > 0.5'
  const options = { expression, fallbackMs: 1000, recoveryMs: 1000, status: 530 }
  const chain = chainOf([{ circuitBreaker: options }], site)
  return {
    wait: (ms: number) => (now += ms),
    /** The breaker's own answer, or undefined for a request that got `status`. */
    ask: async (status: number | undefined) => {
      const run = chain.begin(requestOf())
      const answer = await run.enter()
      run.done(answer?.status ?? status, false)
      now += 100
      return answer?.status
    },
  }
}

test('a breaker opens, lets in more and more, and closes', async () => {
  const { ask, wait } = breaker()
  expect([await ask(200), await ask(500), await ask(500)]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  expect([await ask(200), await ask(200)]).toEqual([530, 530])
  wait(1000)
  const recovering: (number | undefined)[] = []
  for (let one = 0; one < 10; one++) recovering.push(await ask(200))
  const passed = recovering.filter((status) => status === undefined).length
  expect(recovering[0]).toBeUndefined()
  expect(passed).toBeGreaterThan(2)
  expect(passed).toBeLessThan(9)
  expect([await ask(200), await ask(200)]).toEqual([undefined, undefined])
})

test('a breaker opens again when it recovers in vain; clients that leave say nothing', async () => {
  const { ask, wait } = breaker()
  await ask(500)
  expect(await ask(200)).toBe(530)
  wait(1000)
  expect(await ask(500)).toBeUndefined()
  expect(await ask(200)).toBe(530)
  wait(1000)
  expect(await ask(undefined)).toBeUndefined()
  wait(1000)
  expect([await ask(200), await ask(200)]).toEqual([undefined, undefined])
})
