import { expect, test } from 'vitest'

import { compareProxies } from './run.ts'
import { compareTunnels } from './tunnels.ts'

/** `npm run bench -- fuzz` does more. */
const cases = 300

test(`${cases} connections are served as http-proxy serves them, for client and endpoint`, async () => {
  const { failures, requests } = await compareProxies(cases, 20_260_101)
  expect(failures.slice(0, 3)).toEqual([])
  expect(requests).toBeGreaterThan(cases)
})

test('upgraded connections carry the same both ways', async () => {
  expect(await compareTunnels(30, 20_260_101)).toEqual([])
})
