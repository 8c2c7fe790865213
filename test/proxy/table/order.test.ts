import { expect, test } from 'vitest'

import { byAge } from '../../../src/core/catalog.ts'
import { type Instance, serviceId } from '../../../src/core/instance.ts'
import { type MadeTable, routeTable, TableMaker } from '../../../src/proxy/table/table.ts'
import { catalogOf, instance, vantage, written } from '../bed.ts'

/** The same numbers in every run. */
function lots(seed: number) {
  let state = seed
  return (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}

const rules = ['Host(`a.test`)', 'Host(`a.test`) && PathPrefix(`/x`)', 'HostRegexp(`^.\\.test$`)']
const services = ['one', 'two', 'three', 'four']

/** Containers that get in each other's way: few rules, few services, few moments of birth. */
function containers(seed: number): Instance[] {
  const lot = lots(seed)
  return Array.from({ length: 12 }, (_, at) =>
    instance({
      container: at.toString(16).repeat(64),
      name: `c${at}`,
      service: services[lot(services.length)] ?? '',
      createdAt: `2026-01-0${1 + lot(3)}T00:00:00Z`,
      policy: { ...instance().policy, balance: ['p2c', 'least', 'random'][lot(3)] ?? 'p2c' },
      routes: rules
        .filter(() => lot(2) === 0)
        .map((rule, n) => ({
          rule,
          name: `r${n}`,
          shared: lot(3) === 0,
          priority: lot(4) === 0 ? lot(3) : null,
          middlewares: lot(6) === 0 ? ['lost'] : [],
        })),
    }),
  )
}

function shuffled<T>(items: readonly T[], lot: (below: number) => number): T[] {
  return items
    .map((item) => ({ item, place: lot(1_000_000) }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item)
}

function shown({ table, problems }: MadeTable) {
  const routes = table.routes.map(({ key, name, closed, policy, order, targets }) => {
    const at = targets.map(({ identity }) => identity)
    return JSON.stringify({ key, name, closed, policy, order, at })
  })
  return { routes: routes.toSorted(), problems }
}

/** As the catalog makes it: services sorted by name, instances by age. */
function catalogIn(order: readonly Instance[]) {
  const groups = [...Map.groupBy(order, serviceId)].map(
    ([id, list]) => [id, list.toSorted(byAge)] as const,
  )
  return catalogOf([], { services: new Map(groups) })
}

test('containers give the same table in whatever order they come, at once or one by one', () => {
  let conflicts = 0
  for (let seed = 1; seed <= 60; seed++) {
    const all = containers(seed)
    const whole = shown(routeTable(catalogIn(all), vantage))
    conflicts += whole.problems.length
    const order = shuffled(all, lots(seed + 1000))
    expect(shown(routeTable(catalogIn(order), vantage))).toEqual(whole)
    const maker = new TableMaker()
    for (const count of order.keys()) maker.make(catalogIn(order.slice(0, count)), vantage)
    maker.make(catalogIn(order.slice(3)), vantage)
    expect(shown(maker.make(catalogIn(order), vantage))).toEqual(whole)
  }
  expect(conflicts).toBeGreaterThan(100)
})

test('every service has its rule or a problem that says who has it', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const all = containers(seed)
    const { table, problems } = routeTable(catalogIn(all), vantage)
    const wished = new Set(all.flatMap(({ routes }) => routes.map(({ rule }) => rule)))
    expect(new Set(table.routes.map(({ rule }) => rule))).toEqual(wished)
    for (const one of all) {
      for (const { rule } of one.routes) {
        const served = table.routes.some(({ rule: its, targets }) => {
          return (
            its === rule &&
            targets.some(({ identity }) => identity.startsWith(one.container.slice(0, 12)))
          )
        })
        const told = problems.some(
          ({ what }) => what === `rule ${rule} of service shop/${one.service} is not used`,
        )
        expect(served || told).toBe(true)
      }
    }
  }
})

test('services that share a rule are one pool with the newest’s policy; others are told', () => {
  const one = (service: string, day: number, shared: boolean, balance: string) =>
    instance({
      service,
      name: service,
      container: String(day).repeat(64),
      createdAt: `2026-01-0${day}T00:00:00Z`,
      policy: { ...instance().policy, balance },
      routes: [{ rule: 'Host(`a`)', shared }],
    })
  const { table, problems } = routeTable(
    catalogOf([
      one('old', 1, true, 'least'),
      one('new', 3, true, 'random'),
      one('alone', 2, false, 'p2c'),
    ]),
    vantage,
  )
  expect(table.routes).toMatchObject([{ service: 'shop/old', policy: { balance: 'random' } }])
  expect(table.routes[0]?.targets.map(({ identity }) => identity[0])).toEqual(['1', '3'])
  expect(problems.map(({ where }) => where)).toEqual(['container alone'])
})

test('one router name with different rules is no conflict', () => {
  const routes = [
    { name: 'web', rule: 'Host(`a`)' },
    { name: 'web', rule: 'Host(`b`)' },
  ]
  const { table, problems } = routeTable(catalogOf([instance({ routes })]), vantage)
  expect(table.routes.map(({ rule }) => rule)).toEqual(['Host(`a`)', 'Host(`b`)'])
  expect(problems).toEqual([])
})

test('containers of one service that differ in their policy are told; a canary differs by nature', () => {
  const { policy } = instance()
  const problemsOf = (other: Partial<Instance['policy']>) =>
    routeTable(
      catalogOf([
        instance(),
        instance({ container: 'b'.repeat(64), name: 'new', policy: { ...policy, ...other } }),
      ]),
      vantage,
    ).problems
  expect(problemsOf({ balance: 'least' })).toMatchObject([
    { severity: 'note', where: 'container shop-web-1', what: expect.stringContaining('new') },
  ])
  expect(problemsOf({ canary: { share: 0.1 } }).map(({ severity }) => severity)).not.toContain(
    'note',
  )
})

test('a route that nobody wrote says so', () => {
  const routes = [{ rule: 'Host(`a`)', source: 'default' as const }]
  expect(routeTable(catalogOf([instance({ routes })]), vantage).table.routes).toMatchObject([
    { source: 'default' },
  ])
})

test('a change touches only the routes of its service', () => {
  const maker = new TableMaker()
  const [a, b] = [
    instance({ service: 'a', rule: 'Host(`a`)' }),
    instance({ service: 'b', rule: 'Host(`b`)' }),
  ]
  const lists = { a: [a], b: [b] }
  const catalog = (more: Record<string, Instance[]>) =>
    catalogOf([], { services: new Map(Object.entries({ ...lists, ...more })) })
  const before = maker.make(catalog({}), vantage)
  const after = maker.make(catalog({ b: [{ ...b, state: 'draining' }] }), vantage)
  expect(before.changes).toHaveLength(2)
  expect(after.changes.map(({ after: route }) => route?.rule)).toEqual(['Host(`b`)'])
  const kept = (made: MadeTable) => made.table.routes.find(({ rule }) => rule === 'Host(`a`)')
  expect(kept(after)).toBe(kept(before))
  expect(
    maker.make(catalog({ b: [{ ...b, state: 'draining' }] }), { ...vantage }).changes,
  ).toHaveLength(2)
})

test('a hand-written route follows its service, and goes before containers', () => {
  const maker = new TableMaker()
  const routes = written({ mine: { rule: 'Host(`a`)', service: 'web' } })
  const at = (...instances: Instance[]) =>
    maker.make(catalogOf(instances, { routes }), vantage).table.routes[0]
  expect(at()?.targets).toEqual([])
  expect(at(instance({ rule: 'Host(`a`)' }))).toMatchObject({ name: 'mine', source: 'store' })
  expect(at(instance({ port: 81 }))?.targets.map(({ port }) => port)).toEqual([81])
  expect(maker.make(catalogOf([]), vantage).table.routes).toEqual([])
})
