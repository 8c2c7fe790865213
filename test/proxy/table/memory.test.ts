import { expect, test } from 'vitest'

import type { Instance } from '../../../src/core/instance.ts'
import { live } from '../../../src/core/live.ts'
import { plainRequest } from '../../../src/core/rule/request.ts'
import { match } from '../../../src/proxy/table/match.ts'
import { emptyMemory, lostLately, type Memory, remember } from '../../../src/proxy/table/memory.ts'
import { nobody } from '../../../src/proxy/table/own.ts'
import type { TableRoute } from '../../../src/proxy/table/route.ts'
import { routeTable } from '../../../src/proxy/table/table.ts'
import { MadeTables } from '../../../src/proxy/table/tables.ts'
import { catalogOf, instance, vantage } from '../bed.ts'

const routesOf = (...instances: Instance[]) =>
  routeTable(catalogOf(instances), vantage).table.routes
const changed = (before: readonly TableRoute[], after: readonly TableRoute[]) => {
  const [one, other] = [before[0], after[0]]
  return one || other ? [{ before: one, after: other }] : []
}
const [ready, draining, none] = [
  routesOf(instance()),
  routesOf(instance({ state: 'draining' })),
  routesOf(),
]
const key = 'shop/web http Host(`shop.test`)'
const ghost = ({ ghosts }: Memory) =>
  match(ghosts, 'http', plainRequest('shop.test', '/'))?.route.targets

test('a route whose last endpoint has gone is remembered for 60 s, and can be found', () => {
  const memory = remember(emptyMemory, changed(ready, none), 1000)
  expect(ghost(memory)).toEqual([])
  expect([lostLately(memory, key, 60_999), lostLately(memory, key, 61_000)]).toEqual([true, false])
  expect(ghost(remember(memory, changed(none, none), 60_999))).toEqual([])
  expect(remember(memory, changed(none, none), 61_000).lost.size).toBe(0)
})

test('the time runs from the end of the last one, not from the beginning of its draining', () => {
  const leaving = remember(emptyMemory, changed(ready, draining), 0)
  expect(lostLately(leaving, key, 59_000)).toBe(true)
  expect(ghost(leaving)).toBeUndefined()
  const gone = remember(leaving, changed(draining, none), 30_000)
  expect(lostLately(gone, key, 89_000)).toBe(true)
})

test('a route that has a ready endpoint again is not a lost one', () => {
  const memory = remember(remember(emptyMemory, changed(ready, none), 0), changed(none, ready), 10)
  expect([lostLately(memory, key, 20), ghost(memory)]).toEqual([false, undefined])
})

test('after 60 s the host is unknown again, even if nothing else has changed since', () => {
  let nowMs = 0
  const catalog = live(catalogOf([instance()]))
  const current = new MadeTables({
    catalog,
    vantage: live(vantage),
    own: () => nobody,
    report: () => {},
    changed: () => {},
    clock: () => nowMs,
  })
  expect(current.find('http', plainRequest('shop.test', '/'))).toBeDefined()
  catalog.set(catalogOf([]))
  expect(current.find('http', plainRequest('shop.test', '/'))).toBeDefined()
  nowMs = 59_999
  expect(current.find('http', plainRequest('shop.test', '/'))).toBeDefined()
  nowMs = 60_000
  expect(current.find('http', plainRequest('shop.test', '/'))).toBeUndefined()
})
