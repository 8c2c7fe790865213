import { expect, test } from 'vitest'

import { trial } from './zero-loss/trial.ts'

/*
 * Real containers are stopped, killed, paused, recreated and scaled at random while they are asked in all ways. The long
 * form is `npm run bench -- zero-loss`.
 */

test.each([1, 2])(
  'no request fails whose replica finishes its work, with %i workers',
  { timeout: 900_000 },
  async (workers) => {
    const verdict = await trial({ operations: 13, seed: workers, workers })
    expect(verdict.failed).toEqual([])
    expect(verdict.twice).toEqual([])
    expect(verdict.never).toEqual([])
    expect(verdict.requests).toBeGreaterThan(200)
  },
)
