import { expect, test } from 'vitest'

import { literalsOf } from '../../../src/core/rule/regex-literals.ts'
import { regexOf } from '../../../src/core/rule/regex.ts'

for (const [pattern, literals] of [
  ['^[a-z]+-h1.example.com', ['-h1', 'example', 'com']],
  ['^[a-z]+-h1\\.example\\.com', ['-h1.example.com']],
  ['ab*cd', ['cd']],
  ['abb*cd', ['ab', 'cd']],
  ['abc?d', ['ab']],
  ['ab+cd', ['ab', 'cd']],
  ['ab{0,3}cd', ['cd']],
  ['abc{2}de', ['ab', 'de']],
  ['a{b}c', ['a{b}c']],
  ['ab(cd|ef)gh', ['ab', 'gh']],
  ['ab(?:c(d)?)*gh', ['ab', 'gh']],
  ['ab[|(]cd', ['ab', 'cd']],
  ['ab[^]x]cd', ['ab', 'cd']],
  ['ab\\dcd', ['ab', 'cd']],
  ['ab|cd', []],
  ['(ab|cd)', []],
  ['(?i)abc', []],
  ['\\Qa.b\\E', []],
  ['ab\\x41', []],
  ['ab\\pNcd', []],
  ['^a$', []],
  ['.*', []],
  ['ab(?:c(d(e(f(g)))))hi', []],
] as const) {
  test(`what each host of ${pattern} has in it`, () => {
    expect(literalsOf(pattern)).toEqual(literals)
  })
}

const pieces = [
  'a',
  'b',
  '-',
  '\\.',
  '.',
  '[ab]',
  '[^a]',
  '(a|b)',
  '(?:ab)',
  'b*',
  'a+',
  '-?',
  'a{2}',
]
const letters = ['a', 'b', '-', '.', 'c']

test('no host that an expression matches lacks any of its texts', () => {
  let seed = 7
  const next = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return seed % below
  }
  const made = (from: readonly string[], most: number) =>
    Array.from({ length: 1 + next(most) }, () => from[next(from.length)] ?? '').join('')
  let [matched, told] = [0, 0]
  for (let at = 0; at < 3000; at++) {
    const pattern = `${next(2) ? '^' : ''}${made(pieces, 7)}${next(3) ? '' : '$'}`
    const [is, literals] = [regexOf(pattern), literalsOf(pattern)]
    if (literals.length > 0) told++
    for (let times = 0; times < 20; times++) {
      const host = made(letters, 9)
      if (!is(host)) continue
      matched++
      expect({ pattern, host, lacks: literals.filter((one) => !host.includes(one)) }).toEqual({
        pattern,
        host,
        lacks: [],
      })
    }
  }
  expect(matched).toBeGreaterThan(1000)
  expect(told).toBeGreaterThan(300)
})
