import { expect, test } from 'vitest'

import { plainRequest } from '../../../src/core/rule/request.ts'
import { match } from '../../../src/proxy/table/match.ts'
import { routeTable, TableMaker } from '../../../src/proxy/table/table.ts'
import { catalogOf, instance, vantage } from '../bed.ts'

/** The only container of `service`, created on that day of January. */
const one = (service: string, day: number, rule: string, priority: number | null = null) =>
  instance({
    service,
    name: service,
    container: String(day).repeat(64),
    createdAt: `2026-01-0${day}T00:00:00Z`,
    routes: [{ rule, priority }],
  })

const both = 'Host(`a`) || Host(`b`)'

for (const [name, first, second, owner, expected] of [
  [
    'an older plain rule takes one of two hosts',
    one('old', 1, 'Host(`b`)'),
    one('new', 2, both),
    'shop/old',
    ['container new', 'host b of rule Host(`a`) || Host(`b`) goes to service shop/old', 'older'],
  ],
  [
    'alternatives are no conditions: the older one keeps it',
    one('old', 1, both),
    one('new', 2, 'Host(`b`)'),
    'shop/old',
    ['container new', 'host b of rule Host(`b`) goes to service shop/old', 'older'],
  ],
  [
    'a priority decides, and is named',
    one('old', 1, both),
    one('new', 2, 'Host(`b`)', 50),
    'shop/new',
    ['container old', 'host b of rule Host(`a`) || Host(`b`) goes to service shop/new', '50'],
  ],
  [
    'the same in another order',
    one('old', 1, 'Host(`b`) && Path(`/`) && Method(`GET`)'),
    one('new', 2, 'Method(`GET`) && Path(`/`) && Host(`b`)'),
    'shop/old',
    ['container new', expect.stringMatching(/^host b of rule Method/), 'older'],
  ],
  [
    'a rule that asks for more goes before, which is as it should be',
    one('old', 1, 'Host(`b`)'),
    one('new', 2, 'Host(`b`) && Method(`GET`)'),
    'shop/new',
    undefined,
  ],
  [
    'another path of the same host',
    one('old', 1, 'Host(`b`) && Path(`/`)'),
    one('new', 2, 'Host(`b`) && Path(`/x`)'),
    'shop/old',
    undefined,
  ],
  [
    'a host and all of its wildcard',
    one('old', 1, 'Host(`**.b`) || Host(`b`)'),
    one('new', 2, 'Host(`x.b`)'),
    'shop/old',
    undefined,
  ],
] as const) {
  test(`rules of one host: ${name}`, () => {
    const { table, problems } = routeTable(catalogOf([first, second]), vantage)
    const request = plainRequest('b', '/')
    expect(match(table.index, 'http', request)?.route.service).toBe(owner)
    if (!expected) return expect(problems).toEqual([])
    const [where, what, why] = expected
    expect(problems).toMatchObject([
      { severity: 'warning', where, what, why: expect.stringContaining(why) },
    ])
  })
}

test('routes of one service do not take anything from each other', () => {
  const routes = [{ rule: both }, { rule: 'Host(`b`)' }]
  expect(routeTable(catalogOf([instance({ routes })]), vantage).problems).toEqual([])
})

test('what was said is taken back when the other one goes', () => {
  const maker = new TableMaker()
  const [old, young] = [one('old', 1, 'Host(`b`)'), one('new', 2, both)]
  expect(maker.make(catalogOf([old, young]), vantage).problems).toHaveLength(1)
  expect(maker.make(catalogOf([young]), vantage).problems).toEqual([])
  expect(maker.make(catalogOf([old, young]), vantage).problems).toHaveLength(1)
})
