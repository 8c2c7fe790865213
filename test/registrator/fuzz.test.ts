import { expect, test } from 'vitest'

import { fuzz } from './fuzz-run.ts'

/** `npm run bench -- fuzz` does more. */
const cases = 20_000

test(`${cases} random label sets break nothing, take little time and change no neighbour's route`, () => {
  const { failures, slowestMs, routes, problems } = fuzz(cases, 20_260_101)
  expect(failures.slice(0, 5)).toEqual([])
  expect(slowestMs).toBeLessThan(2000)
  expect(routes).toBeGreaterThan(cases / 100)
  expect(problems).toBeGreaterThan(cases / 10)
}, 300_000)
