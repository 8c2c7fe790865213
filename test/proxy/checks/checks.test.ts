import { expect, test } from 'vitest'

import { type HealthCheck, healthSchema } from '../../../src/core/policy.ts'
import { createChecks } from '../../../src/proxy/checks/checks.ts'
import { checkProblems } from '../../../src/proxy/checks/problems.ts'
import type { RouteChange } from '../../../src/proxy/table/changes.ts'
import type { TableRoute } from '../../../src/proxy/table/route.ts'
import { routeTable } from '../../../src/proxy/table/table.ts'
import { backend, catalogOf, instance, pause, vantage } from '../bed.ts'

/** The routes of one instance of service `web` on `port`, for each of the rules. */
function routesOn(port: number, health: Partial<HealthCheck>, more: { state?: 'draining' } = {}) {
  const policy = { ...instance().policy, health: healthSchema.parse(health) }
  const routes = [{ rule: 'Host(`a`)' }, { rule: 'Host(`b`)', name: 'other' }]
  return routeTable(catalogOf([instance({ port, policy, routes, ...more })]), vantage).table.routes
}

const added = (routes: readonly TableRoute[]): RouteChange[] =>
  routes.map((after) => ({ before: undefined, after }))

/** Resolves when `reached` is true; the test's time limit is the limit. */
async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await pause(5)
}

function checking() {
  const made: boolean[] = []
  const checks = createChecks({ made: (_, passed) => made.push(passed) })
  return { checks, made, [Symbol.dispose]: () => checks.stop() }
}

test('an endpoint is asked at once and again, once for all of its routes, until it has passed', async () => {
  await using service = await backend()
  using one = checking()
  const routes = routesOn(service.port, { intervalMs: 100_000, rise: 2 })
  one.checks.settle(added(routes))
  const [identity = ''] = routes.flatMap(({ targets }) => targets.map((it) => it.identity))
  await until(() => one.checks.states.current.get(identity) === 'passing')
  expect(one.made).toEqual([true, true])
  expect(one.checks.report(identity)).toEqual({
    identity,
    state: 'passing',
    isBad: false,
    last: { passed: true, why: 'GET / gave 200' },
  })
})

for (const [what, timeoutMs] of [
  ['longer than timers take', 2 ** 32],
  ['no whole milliseconds', 30_000.5],
] as const) {
  test(`a time limit of ${what} is none less, nor an interval a short one`, async () => {
    await using service = await backend((_, response) => void setTimeout(() => response.end(), 50))
    using one = checking()
    const times = { intervalMs: 2 ** 32, timeoutMs, rise: 1 }
    one.checks.settle(added(routesOn(service.port, times)))
    await until(() => one.made.length > 0)
    await pause(100)
    expect(one.made).toEqual([true])
  })
}

test('one that falls and rises again is told', async () => {
  let status = 200
  await using service = await backend((_, response) => response.writeHead(status).end())
  using one = checking()
  const routes = routesOn(service.port, { intervalMs: 10, rise: 1, fall: 2 })
  one.checks.settle(added(routes))
  const state = () => [...one.checks.states.current.values()].join()
  const problems = () => checkProblems(one.checks.reports(), () => 'shop-web-1')
  await until(() => state() === 'passing')
  expect(problems()).toEqual([])
  status = 503
  await until(() => state() === 'failing')
  expect(problems()).toMatchObject([
    { where: 'container shop-web-1', what: 'its active check fails: GET / gave 503' },
  ])
  status = 200
  await until(() => state() === 'passing')
  expect(problems()).toEqual([])
})

test('one that has never passed is unknown, and a problem after `fall` failures', async () => {
  await using service = await backend((_, response) => response.writeHead(404).end())
  using one = checking()
  one.checks.settle(added(routesOn(service.port, { intervalMs: 5, fall: 3 })))
  await until(() => one.made.length >= 2)
  await until(() => one.checks.reports().some(({ isBad }) => isBad))
  expect(one.made.length).toBeGreaterThanOrEqual(3)
  expect(one.checks.reports()).toMatchObject([{ state: 'unknown' }])
  expect(checkProblems(one.checks.reports(), () => 'x')).toMatchObject([
    { why: 'it has never passed, so it gets no requests' },
  ])
})

test('a change that leaves the endpoint as it was makes no new check; its end is the end', async () => {
  await using service = await backend()
  using one = checking()
  const health = { intervalMs: 100_000, rise: 1 }
  const routes = routesOn(service.port, health)
  one.checks.settle(added(routes))
  await until(() => one.made.length === 1)
  const again = routesOn(service.port, health)
  one.checks.settle(routes.map((before, at) => ({ before, after: again[at] })))
  await pause(100)
  expect(one.made).toEqual([true])
  const [, second] = again
  // one of two routes goes, then the other
  one.checks.settle(again.slice(0, 1).map((before) => ({ before, after: undefined })))
  expect(one.checks.reports()).toHaveLength(1)
  one.checks.settle([{ before: second, after: undefined }])
  expect(one.checks.reports()).toEqual([])
  await until(() => one.checks.states.current.size === 0)
})

test('one that drains is asked no more, and what is known of it stays', async () => {
  await using service = await backend()
  using one = checking()
  const routes = routesOn(service.port, { intervalMs: 20, rise: 1 })
  one.checks.settle(added(routes))
  await until(() => one.made.length >= 2)
  const leaving = routesOn(service.port, { intervalMs: 20, rise: 1 }, { state: 'draining' })
  one.checks.settle(routes.map((before, at) => ({ before, after: leaving[at] })))
  const count = one.made.length
  await pause(100)
  expect(one.made).toHaveLength(count)
  expect(one.checks.reports()).toMatchObject([{ state: 'passing' }])
  one.checks.settle(leaving.map((before, at) => ({ before, after: routes[at] })))
  await until(() => one.made.length > count)
})
