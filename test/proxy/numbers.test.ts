import { Registry } from 'prom-client'
import { expect, test } from 'vitest'

import { checkCounter } from '../../src/proxy/checks/follow.ts'
import { metricsIn } from '../../src/proxy/control/metrics.ts'
import { Numbers } from '../../src/proxy/control/numbers.ts'
import { slots } from '../../src/proxy/control/slots.ts'
import { mostEndpoints } from '../../src/proxy/counters.ts'
import { routeTable } from '../../src/proxy/table/table.ts'
import { countingIn } from '../../src/proxy/worker/counting.ts'
import { catalogOf, instance, vantage } from './bed.ts'

test('the series of a service vanish five minutes after its last route, and begin anew', async () => {
  let nowMs = 0
  const registry = new Registry()
  const numbers = new Numbers(['http', 'https'], 2, () => nowMs)
  metricsIn(registry, numbers, { size: 2, crashes: 0, hangs: 0 })
  const checked = checkCounter(registry, numbers)
  const { routes } = routeTable(catalogOf([instance()]), vantage).table
  const come = routes.map((after) => ({ before: undefined, after }))
  const go = routes.map((before) => ({ before, after: undefined }))
  numbers.follow(come)
  const slot = numbers.services.of('shop/web') ?? 0
  for (const counters of numbers.all) {
    const counting = countingIn(counters)
    for (const status of [200, 204, 101, 0, 599]) {
      counting.began(1)
      counting.answered(1, slot, status, 0.004)
    }
  }
  checked('shop/web', true)
  const lines = async () => {
    const text = await registry.metrics()
    return text.split('\n').filter((line) => line.includes('shop/web'))
  }
  const labels = 'entrypoint="https",service="shop/web"'
  expect(await lines()).toEqual([
    `portolan_http_requests_total{${labels},code="1xx"} 2`,
    `portolan_http_requests_total{${labels},code="2xx"} 4`,
    `portolan_http_requests_total{${labels},code="5xx"} 2`,
    `portolan_http_requests_total{${labels},code="499"} 2`,
    `portolan_http_request_seconds_bucket{${labels},le="0.001"} 0`,
    ...['0.005', '0.025', '0.1', '0.5', '1', '2.5', '10', '30', '60', '+Inf'].map(
      (le) => `portolan_http_request_seconds_bucket{${labels},le="${le}"} 10`,
    ),
    expect.stringMatching(/^portolan_http_request_seconds_sum\{.*\} 0\.0(4|39999)\d*$/),
    `portolan_http_request_seconds_count{${labels}} 10`,
    'portolan_endpoint_checks_total{service="shop/web",result="pass"} 1',
  ])
  numbers.follow(go)
  nowMs = 299_999
  expect(await lines()).toHaveLength(18)
  nowMs = 300_000
  expect(await lines()).toEqual([])
})

test('a service that comes back in time goes on counting where it was', () => {
  let nowMs = 0
  const cleared: number[] = []
  const clear = (slot: number) => void cleared.push(slot)
  const places = slots({ from: 1, to: 9, shared: 0, keepMs: 10, clear, clock: () => nowMs })
  expect([places.hold('a'), places.hold('a'), places.hold('b')]).toEqual([1, 1, 2])
  places.release('a')
  nowMs = 100
  expect(places.hold('c')).toBe(3)
  expect(places.of('a')).toBe(1)
  places.release('a')
  nowMs = 105
  expect(places.hold('a')).toBe(1)
  nowMs = 200
  expect([...places.named()].map(([name]) => name)).toEqual(['a', 'b', 'c'])
  expect(cleared).toEqual([1, 2, 3])
})

test('who gets the place of an endpoint that was ejected is not ejected', () => {
  let nowMs = 0
  const numbers = new Numbers(['http'], 1, () => nowMs)
  const { routes } = routeTable(catalogOf([instance()]), vantage).table
  const [target] = routes.flatMap(({ targets }) => targets)
  const [before] = routes
  numbers.follow([{ before: undefined, after: before }])
  const [slot = 0, counters] = [numbers.endpoints.of(target?.identity ?? ''), numbers.all[0]]
  counters?.ejected.fill(Date.now() + 60_000, slot, slot + 1)
  expect(numbers.condition(target?.identity ?? '')).toBe('ejected')
  numbers.follow([{ before, after: undefined }])
  nowMs = 300_000
  const others = Array.from({ length: mostEndpoints - 1 }, (_, at) => `other ${at}`)
  const targets = target ? others.map((identity) => ({ ...target, identity })) : []
  numbers.follow(before ? [{ before: undefined, after: { ...before, targets } }] : [])
  const heir = others.filter((identity) => numbers.endpoints.of(identity) === slot)
  expect([heir.length, ...heir.map((identity) => numbers.condition(identity))]).toEqual([1, 'ok'])
})

test('places are used again, cleared, the longest free one first; who finds none shares one', () => {
  let nowMs = 0
  const cleared: number[] = []
  const clear = (slot: number) => void cleared.push(slot)
  const places = slots({ from: 1, to: 3, shared: 0, keepMs: 10, clear, clock: () => nowMs })
  expect(['a', 'b', 'c'].map((name) => places.hold(name))).toEqual([1, 2, 0])
  expect([...places.named()]).toEqual([
    ['a', 1],
    ['b', 2],
  ])
  places.release('b')
  nowMs = 5
  places.release('a')
  places.release('c')
  nowMs = 15
  expect(['d', 'e', 'f'].map((name) => places.hold(name))).toEqual([2, 1, 0])
  expect(cleared).toEqual([1, 2, 2, 1])
})
