import { expect, test } from 'vitest'

import type { RoleAnswer } from '../../../src/proxy/checks/roles/answer.ts'
import { heard, nothingHeard } from '../../../src/proxy/checks/roles/heard.ts'

const says = {
  p: { role: 'primary', why: '' },
  r: { role: 'replica', why: '' },
  /** It has lost its primary. */
  b: { role: 'replica', why: '', isBehind: true, mayBeEmpty: true },
  o: { role: 'other', why: '' },
  '-': { role: undefined, why: '' },
} as const satisfies Record<string, RoleAnswer | { role: undefined; why: string }>

/** The first letters of the roles that are believed after each answer. */
function believed(answers: readonly (keyof typeof says)[], rise = 1, fall = 3): string {
  let known = nothingHeard
  return answers
    .map((answer) => {
      known = heard(known, says[answer], { rise, fall })
      return known.role[0]
    })
    .join('')
}

test('a role is believed at once, unless it is to be said several times', () => {
  expect(believed(['p', 'r', 'p'])).toBe('prp')
  expect(believed(['p', 'r', 'p', 'p'], 2)).toBe('uuup')
})

test('that a role is lost is believed at once', () => {
  expect(believed(['p', 'p', 'r', 'r'], 2)).toBe('upor')
  expect(believed(['p', 'p', 'o'], 2)).toBe('upo')
})

test('silence is borne `fall` times', () => {
  expect(believed(['p', '-', '-', 'p', '-', '-', '-', 'p'])).toBe('ppppppup')
})

test('a replica without a primary counts only if it had one', () => {
  expect(believed(['b', 'r', 'b'])).toBe('orr')
})
