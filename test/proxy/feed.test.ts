import { expect, test } from 'vitest'

import type { Instance } from '../../src/core/instance.ts'
import { defaultPolicy } from '../../src/core/policy.ts'
import { plainRequest } from '../../src/core/rule/request.ts'
import { feeder } from '../../src/proxy/control/feeder.ts'
import { Numbers } from '../../src/proxy/control/numbers.ts'
import { Sender } from '../../src/proxy/control/sender.ts'
import type { Order } from '../../src/proxy/feed.ts'
import { chains } from '../../src/proxy/middleware/chains.ts'
import { lostLately } from '../../src/proxy/table/memory.ts'
import { emptyTable, TableMaker } from '../../src/proxy/table/table.ts'
import { liveTables } from '../../src/proxy/worker/live-tables.ts'
import { catalogOf, instance, vantage } from './bed.ts'
import { siteOf } from './middleware/drafts.ts'

/** A sender and the tables of a worker, with a wire between them on which orders wait until they are delivered. */
function wired() {
  const wire: Order[] = []
  const numbers = new Numbers(['http'], 1)
  const maker = new TableMaker()
  const post = (order: Order) => void wire.push(structuredClone(order))
  const feed = new Sender({ ...feeder(numbers), post, table: emptyTable, lost: [] })
  const tables = liveTables({ catchUp() {}, changed() {}, chains: chains(siteOf()) })

  function deliver(order: Order): void {
    if (order.kind === 'leaving') tables.leave(order.pairs)
    if (order.kind !== 'edits') return
    tables.apply(order)
    feed.applied()
  }

  return {
    wire,
    tables,
    /** Makes `instances` the catalog, and sends what that changes. */
    publish: (instances: readonly Instance[]) => {
      const { changes, table } = maker.make(catalogOf(instances), vantage)
      numbers.follow(changes)
      feed.change(changes, table.complete)
    },
    /** Delivers what waits, and what follows from that; or so many orders. */
    deliver: (most = Infinity) => {
      for (let count = 0; count < most; count++) {
        const order = wire.shift()
        if (!order) return
        deliver(order)
      }
    },
    ports: (host: string) => {
      const found = tables.find('http', plainRequest(host, '/'))
      return found?.route.targets.map(({ port }) => port)
    },
  }
}

const services = (count: number, ports: readonly number[]) =>
  Array.from({ length: count }, (_, at) =>
    ports.map((port) =>
      instance({
        service: `s${at}`,
        rule: `Host(\`h${at}\`)`,
        container: port.toString(16).padStart(64, '0'),
        port,
      }),
    ),
  ).flat()

test('the first table goes over in one piece, and only then it counts as whole', () => {
  const { publish, deliver, wire, tables, ports } = wired()
  publish(services(300, [80]))
  expect(tables.table.complete).toBe(false)
  deliver(1)
  expect(wire.map((order) => order.kind === 'edits' && order.edits.length)).toEqual([300])
  deliver()
  expect([tables.table.complete, ports('h299'), ports('h300')]).toEqual([true, [80], undefined])
})

test('a large change goes in pieces, each when the one before is in force', () => {
  const { publish, deliver, wire, ports } = wired()
  publish([])
  deliver()
  publish(services(300, [80]))
  expect(wire).toHaveLength(1)
  deliver(1)
  expect([wire.length, ports('h0'), ports('h299')]).toEqual([1, [80], undefined])
  deliver()
  expect(ports('h299')).toEqual([80])
})

test('of a route that changes while it waits only the newest is sent', () => {
  const { publish, deliver, wire, ports } = wired()
  publish([])
  deliver()
  publish(services(100, [80]))
  publish(services(100, [80, 81]))
  publish(services(99, [80, 81]))
  let sent = 0
  while (wire.length > 0) {
    const [order] = wire
    if (order?.kind === 'edits') sent += order.edits.length
    deliver(1)
  }
  expect([ports('h0'), ports('h98'), ports('h99')]).toEqual([[80, 81], [80, 81], undefined])
  // 16 were on their way, and are sent again
  expect(sent).toBe(16 + 100)
})

test('an endpoint that leaves overtakes what waits', () => {
  const { publish, deliver, wire, ports } = wired()
  publish(services(1, [80, 81]))
  deliver()
  const many = services(300, [80])
  publish([...many, ...services(1, [81])])
  publish(many)
  // the piece that was on its way, and the one that can't wait
  expect(wire).toHaveLength(2)
  deliver(2)
  expect(ports('h0')).toEqual([80])
})

test('when many leave at once the worker knows them all before it has read their routes', () => {
  const { publish, deliver, wire, tables, ports } = wired()
  publish(services(300, [80, 81]))
  deliver()
  const before = tables.table
  publish(services(300, [81]))
  expect(wire.map(({ kind }) => kind)).toEqual(['leaving', 'edits'])
  deliver(1)
  expect(tables.table).not.toBe(before)
  expect([ports('h0'), ports('h299')]).toEqual([[81], [81]])
  deliver()
  expect([ports('h0'), ports('h299')]).toEqual([[81], [81]])
})

test('a route whose last endpoint leaves among many is remembered, so that requests wait', () => {
  const { publish, deliver, tables, ports } = wired()
  publish(services(300, [80]))
  deliver()
  publish([])
  deliver(1)
  const key = 'shop/s299 http Host(`h299`)'
  expect(ports('h299')).toEqual([])
  expect(lostLately(tables.memory, key, performance.now())).toBe(true)
  deliver()
  expect(ports('h299')).toEqual([])
  expect(lostLately(tables.memory, key, performance.now())).toBe(true)
})

test('what leaves some of its routes, be they many, stays at the others', () => {
  const { publish, deliver, wire, ports } = wired()
  const mine = (hosts: readonly string[]) =>
    Array.from({ length: 100 }, (_, at) =>
      instance({
        service: `s${at}`,
        container: at.toString(16).padStart(64, '0'),
        routes: hosts.map((host) => ({ rule: `Host(\`${host}${at}\`)` })),
      }),
    )
  publish(mine(['a', 'b']))
  deliver()
  publish(mine(['b']))
  deliver(1)
  expect([wire.length, ports('b99')]).toEqual([1, [80]])
  deliver()
  expect([ports('a99'), ports('b99')]).toEqual([[], [80]])
})

test('a host that goes from one route to another is never without one', () => {
  const { publish, deliver, wire, ports } = wired()
  const mine = (name: string) =>
    Array.from({ length: 300 }, (_, at) =>
      instance({
        service: `${name}${at}`,
        container: at.toString(16).padStart(64, '0'),
        rule: at % 3 === 0 ? `HostRegexp(\`^h${at}$\`)` : `Host(\`h${at}\`)`,
      }),
    )
  const hosts = Array.from({ length: 300 }, (_, at) => `h${at}`)
  publish(mine('old'))
  deliver()
  // those that come wait already when the others go
  publish([...mine('old'), ...mine('new')])
  publish(mine('new'))
  for (let count = 0; wire.length > 0; count++) {
    deliver(1)
    const found = hosts.map(ports).filter((one) => one?.join() !== '80')
    expect([count, found]).toEqual([count, []])
  }
})

test('one that leaves twice before its route is read stays away', () => {
  const { publish, deliver, ports } = wired()
  publish(services(300, [80, 81, 82]))
  deliver()
  publish(services(300, [81, 82]))
  publish(services(300, [82]))
  deliver(3)
  expect(ports('h299')).toEqual([82])
  deliver()
  expect(ports('h299')).toEqual([82])
})

test('what parts of a worker need of a route is there: policy, middlewares, TLS, places of numbers', () => {
  const { publish, deliver, tables } = wired()
  const sticky = { cookie: 'lb', secure: false, httpOnly: true, path: '/' }
  const middlewares = {
    all: { chain: ['inner', 'b'] },
    inner: { chain: ['a'] },
    a: { stripPrefix: ['/a'] },
    b: { addPrefix: '/b' },
  }
  const { policy } = instance({
    policy: { ...defaultPolicy, sticky, canary: { share: 0.1 }, middlewares },
  })
  const routes = [{ rule: 'Host(`h`)', middlewares: ['b', 'all'] }]
  publish([instance({ routes, policy }), instance({ service: 'other', rule: 'Host(`o`)' })])
  deliver()
  const route = tables.find('http', plainRequest('h', '/'))?.route
  const other = tables.find('http', plainRequest('o', '/'))?.route
  expect(route).toMatchObject({
    policy: { sticky, canary: { share: 0.1 } },
    middlewares: [
      { name: 'b', middleware: { addPrefix: '/b' } },
      { name: 'a', middleware: { stripPrefix: ['/a'] } },
      { name: 'b', middleware: { addPrefix: '/b' } },
    ],
    tls: null,
    targets: [{ canary: { share: 0.1 }, mirror: null }],
  })
  expect(new Set([0, 1, route?.slot, other?.slot]).size).toBe(4)
  // they are of the same container
  expect(route?.targets[0]?.slot).toBe(other?.targets[0]?.slot)
})
