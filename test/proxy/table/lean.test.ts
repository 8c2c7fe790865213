import { expect, test } from 'vitest'

import { lean } from '../../../src/proxy/table/lean.ts'

test('a list for keeping is equal to the one it is made of; all empty ones are one', () => {
  expect(lean([1, 2])).toEqual([1, 2])
  expect(lean([])).toEqual([])
  expect(lean([])).toBe(lean([1].filter((one) => one > 1)))
})
