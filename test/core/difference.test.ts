import { expect, test } from 'vitest'

import { listDifference, mapDifference } from '../../src/core/difference.ts'

const [a, b, c, d, other] = [{ n: 'a' }, { n: 'b' }, { n: 'c' }, { n: 'd' }, { n: 'b' }]
const mapOf = (...list: readonly { n: string }[]) => new Map(list.map((one) => [one.n, one]))

for (const [name, before, after, come, gone] of [
  ['the same', [a, b, c], [a, b, c], [], []],
  ['at the beginning', [], [a, b], [a, b], []],
  ['at the end', [a, b], [], [], ['a', 'b']],
  ['another one under the same key', [a, b, c], [a, other, c], [other], []],
  ['one less in the middle', [a, b, c], [a, c], [], ['b']],
  ['one more in the middle', [a, c], [a, b, c], [b], []],
  ['one gone, one come', [a, b, c], [a, c, d], [d], ['b']],
  ['in another order', [a, b, c], [c, a, b], [], []],
  ['in another order, and changed', [a, b, c], [c, other, d, a], [other, d], []],
  ['all others', [a, b], [c, d], [c, d], ['a', 'b']],
] as const) {
  test(`difference of maps: ${name}`, () => {
    const found = mapDifference(mapOf(...before), mapOf(...after))
    expect(found.come).toEqual(come)
    expect(found.gone).toEqual(gone)
  })
  test(`difference of lists: ${name}`, () => {
    const found = listDifference(before, after)
    const isIn = (list: readonly object[]) => (one: object) => list.includes(one)
    expect(new Set(found.come.keys())).toEqual(new Set(after.filter((one) => !isIn(before)(one))))
    expect(found.gone).toEqual(new Set(before.filter((one) => !isIn(after)(one))))
    for (const [one, at] of found.come) expect(after[at]).toBe(one)
  })
}
