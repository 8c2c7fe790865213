import { expect, test } from 'vitest'

import { fuzzExchanges } from './exchanges-run.ts'

/** `npm run bench -- fuzz` does more. */
const cases = 1000

test(`${cases} hostile clients and endpoints get nothing but HTTP, and harm nobody else`, async () => {
  const { failures, passed, refused, neighbours } = await fuzzExchanges(cases, 20_260_101)
  expect(failures.slice(0, 5)).toEqual([])
  expect(passed).toBeGreaterThan(cases / 20)
  expect(refused).toBeGreaterThan(cases / 20)
  expect(neighbours).toBeGreaterThan(0)
})
