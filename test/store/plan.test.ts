import { expect, test } from 'vitest'

import { plan, transactions } from '../../src/store/plan.ts'

const entry = (value: string, lease = 'L') => ({ value, lease })

test('equal entries under the same lease need no edit', () => {
  expect(plan(new Map([['a', entry('1')]]), new Map([['a', '1']]), 'L')).toEqual([])
})

test('what is new or differs is put, what is not wanted is deleted, in key order', () => {
  const actual = new Map([
    ['d', entry('4')],
    ['b', entry('2')],
    ['c', entry('3')],
  ])
  const desired = new Map([
    ['c', 'three'],
    ['b', '2'],
    ['a', '1'],
  ])
  expect(plan(actual, desired, 'L')).toEqual([
    { kind: 'put', key: 'a', value: '1' },
    { kind: 'put', key: 'c', value: 'three' },
    { kind: 'delete', key: 'd' },
  ])
})

test('an equal value that hangs on another lease is put again', () => {
  const actual = new Map([['a', entry('1', 'old')]])
  expect(plan(actual, new Map([['a', '1']]), 'L')).toEqual([{ kind: 'put', key: 'a', value: '1' }])
})

test('pieces have at most 100 changes, keep the order and lose nothing', () => {
  const changes = Array.from({ length: 250 }, (_, index) => ({
    kind: 'delete' as const,
    key: `k${index}`,
  }))
  const pieces = transactions(changes.map((one) => [one]))
  expect(pieces.map((piece) => piece.length)).toEqual([100, 100, 50])
  expect(pieces.flat()).toEqual(changes)
})

test('long values make shorter pieces, and one that is too long stands alone', () => {
  const put = (key: string, length: number) => ({
    kind: 'put' as const,
    key,
    value: 'x'.repeat(length),
  })
  const changes = [
    put('a', 300_000),
    put('b', 300_000),
    put('c', 10),
    put('d', 2_000_000),
    put('e', 1),
  ]
  expect(
    transactions(changes.map((one) => [one])).map((piece) => piece.map(({ key }) => key).join('')),
  ).toEqual(['a', 'bc', 'd', 'e'])
})

test('nothing to do is no piece', () => {
  expect(transactions([])).toEqual([])
})

test('a group stays together as far as it fits one piece', () => {
  const group = (name: string, count: number) =>
    Array.from({ length: count }, (_, index) => ({
      kind: 'delete' as const,
      key: `${name}${index}`,
    }))
  const pieces = transactions([group('a', 60), group('b', 60), group('c', 40), group('d', 150)])
  expect(pieces.map((piece) => piece.length)).toEqual([60, 100, 100, 50])
  expect(pieces[1]?.[0]?.key).toBe('b0')
})
