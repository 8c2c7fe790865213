import { expect, test } from 'vitest'

import type { Instance } from '../../src/core/instance.ts'
import { match } from '../../src/proxy/match.ts'
import { emptyMemory, lostLately, type Memory, remember } from '../../src/proxy/memory.ts'
import { routeTable } from '../../src/proxy/table.ts'
import { catalogOf, instance, vantage } from './bed.ts'

const routesOf = (...instances: Instance[]) =>
  routeTable(catalogOf(instances), vantage).table.routes
const [ready, draining, none] = [
  routesOf(instance()),
  routesOf(instance({ state: 'draining' })),
  routesOf(),
]
const key = 'shop/web http Host(`shop.test`)'
const ghost = ({ ghosts }: Memory) => match(ghosts, 'http', 'shop.test', '/')?.route.targets

test('a route whose last endpoint has gone is remembered for 60 s, and can be found', () => {
  const memory = remember(emptyMemory, ready, none, 1000)
  expect(ghost(memory)).toEqual([])
  expect([lostLately(memory, key, 60_999), lostLately(memory, key, 61_000)]).toEqual([true, false])
  expect(ghost(remember(memory, none, none, 60_999))).toEqual([])
  expect(remember(memory, none, none, 61_000).lost.size).toBe(0)
})

test('the time runs from the end of the last one, not from the beginning of its draining', () => {
  const leaving = remember(emptyMemory, ready, draining, 0)
  expect(lostLately(leaving, key, 59_000)).toBe(true)
  expect(ghost(leaving)).toBeUndefined()
  const gone = remember(leaving, draining, none, 30_000)
  expect(lostLately(gone, key, 89_000)).toBe(true)
})

test('a route that has a ready endpoint again is not a lost one', () => {
  const memory = remember(remember(emptyMemory, ready, none, 0), none, ready, 10)
  expect([lostLately(memory, key, 20), ghost(memory)]).toEqual([false, undefined])
})
