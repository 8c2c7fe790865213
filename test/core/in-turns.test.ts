import { expect, test } from 'vitest'

import { inTurns } from '../../src/core/in-turns.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at)

test('a short list is made at once, of a long one others have turns in between', async () => {
  let turns = 0
  const count = () => {
    turns++
    counting = setImmediate(count)
  }
  let counting = setImmediate(count)
  const double = (one: number) => [one * 2, turns] as const
  const short = await inTurns(numbers(100), double)
  expect(short.at(-1)).toEqual([198, 0])
  const long = await inTurns(numbers(1000), double)
  clearImmediate(counting)
  expect(long.map(([one]) => one)).toEqual(numbers(1000).map((one) => one * 2))
  expect(new Set(long.map(([, turn]) => turn)).size).toBeGreaterThan(2)
})
