import { expect, test } from 'vitest'

import { fuzzAnswers, fuzzChunks } from './answers-run.ts'
import { fuzzRequests } from './requests-run.ts'

/** `npm run bench -- fuzz` does more. */
const cases = 10_000
const seed = 20_260_101

for (const [what, fuzz] of [
  ['streams of requests', fuzzRequests],
  ['answers', fuzzAnswers],
  ['bodies in chunks', fuzzChunks],
] as const) {
  test(`${cases} ${what} have one reading: whole, in pieces, for Node, and as they go on`, () => {
    const { failures, passed, refused } = fuzz(cases, seed)
    expect(failures.slice(0, 5)).toEqual([])
    expect(passed).toBeGreaterThan(cases / 5)
    expect(refused).toBeGreaterThan(cases / 10)
  })
}
