import { expect, test } from 'vitest'

import { hostRegexOf } from '../../../src/core/rule/host-regex.ts'
import { regexOf } from '../../../src/core/rule/regex.ts'

const pieces = ['a', 'b', '-', '\\.', '.', '[ab]', '[^a]', '[a-c.-]', '(?:[ab]+)', 'b*', 'a+', '-?']
const letters = ['a', 'b', '-', '.', 'c', '1']

test('both engines say the same of every host', () => {
  let seed = 11
  const next = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return seed % below
  }
  const made = (from: readonly string[], most: number) =>
    Array.from({ length: next(most) }, () => from[next(from.length)] ?? '').join('')
  let matched = 0
  for (let at = 0; at < 3000; at++) {
    const pattern = `${next(2) ? '^' : ''}${made(pieces, 7)}${next(2) ? '' : '$'}`
    const [exact, quick] = [regexOf(pattern), hostRegexOf(pattern)]
    for (let times = 0; times < 20; times++) {
      const host = made(letters, 10)
      if (exact(host)) matched++
      expect({ pattern, host, is: quick(host) }).toEqual({ pattern, host, is: exact(host) })
    }
  }
  expect(matched).toBeGreaterThan(5000)
})

for (const pattern of [
  `^${'a?'.repeat(40)}${'a'.repeat(40)}$`,
  'a*a*a*a*a*a*b',
  '^(a+)+$',
  '(?:a+)*b',
]) {
  test(`an expression that takes one engine for ever is none for it: ${pattern}`, () => {
    expect(hostRegexOf(pattern)(`${'a'.repeat(253)}!`)).toBe(false)
  })
}

test('what RE2 does not know stays refused', () => {
  expect(() => hostRegexOf('(?=a)')).toThrow(/no regular expression of RE2/)
})
