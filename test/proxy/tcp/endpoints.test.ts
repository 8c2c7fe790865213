import { connect } from 'node:net'

import { expect, test } from 'vitest'

import { catalogOf, written } from '../bed.ts'
import {
  connected,
  counted,
  database,
  deadPort,
  parrot,
  speaker,
  tcpBackend,
  tcpBed,
  until,
} from './bed.ts'
import { received } from './sockets.ts'

const other = { container: 'b'.repeat(64), name: 'shop-db-2' }

test('a refused connection goes to another endpoint, whatever the client has said', async () => {
  await using service = await parrot()
  await using proxy = await tcpBed()
  proxy.set(database({ port: await deadPort() }), database({ ...other, port: service.port }))
  for (let round = 0; round < 6; round++) {
    const client = await proxy.connect()
    client.end('hello')
    expect(String(await received(client))).toBe('hello')
  }
  expect(service.connections()).toBe(6)
})

test('connections are spread over the ready endpoints', async () => {
  await using first = await speaker('1')
  await using second = await speaker('2')
  await using proxy = await tcpBed()
  proxy.set(database({ port: first.port }), database({ ...other, port: second.port }))
  const heard: string[] = []
  for (let round = 0; round < 10; round++) {
    heard.push(String(await received(await proxy.connect())))
  }
  expect(heard.filter((name) => name === '1')).toHaveLength(5)
})

test('a connection waits for an endpoint that is starting, with what the client said', async () => {
  await using service = await parrot()
  await using proxy = await tcpBed()
  proxy.set(database({ port: service.port, state: 'starting' }))
  const client = await proxy.connect()
  client.end('early')
  const heard = received(client)
  await until(async () => (await counted(proxy, 'portolan_http_held')) === 1)
  expect(service.connections()).toBe(0)
  proxy.set(database({ port: service.port }))
  expect(String(await heard)).toBe('early')
})

test('a connection waits for the successor of an endpoint that went away', async () => {
  await using first = await speaker('old')
  await using second = await speaker('new')
  await using proxy = await tcpBed()
  proxy.set(database({ port: first.port }))
  expect(String(await received(await proxy.connect()))).toBe('old')
  proxy.set()
  const heard = received(await proxy.connect())
  await until(async () => (await counted(proxy, 'portolan_http_held')) === 1)
  proxy.set(database({ ...other, port: second.port }))
  expect(String(await heard)).toBe('new')
})

test('a client that leaves while it waits is waited for no more', async () => {
  await using proxy = await tcpBed()
  proxy.set(database({ port: await deadPort(), state: 'starting' }))
  const client = await proxy.connect()
  await until(async () => (await counted(proxy, 'portolan_http_held')) === 1)
  client.resetAndDestroy()
  await until(async () => (await counted(proxy, 'portolan_http_held')) === 0)
  const gone = 'portolan_tcp_connections_total{entrypoint="db",service="shop/db",outcome="gone"}'
  await until(async () => (await counted(proxy, gone)) === 1)
})

test('nobody there, or no route: the connection ends, and is counted', async () => {
  await using proxy = await tcpBed({ holdMs: 50 })
  proxy.set(database({ port: await deadPort(), state: 'unhealthy' }))
  expect(await received(await proxy.connect()).catch(String)).toHaveLength(0)
  const failed =
    'portolan_tcp_connections_total{entrypoint="db",service="shop/db",outcome="failed"}'
  await until(async () => (await counted(proxy, failed)) === 1)
  await using empty = await tcpBed()
  empty.set()
  expect(await received(await empty.connect()).catch(String)).toHaveLength(0)
  const unrouted = 'portolan_tcp_connections_total{entrypoint="db",service="-",outcome="unrouted"}'
  await until(async () => (await counted(empty, unrouted)) === 1)
})

test('before the first catalog connections wait for it', async () => {
  await using service = await speaker('there')
  await using proxy = await tcpBed()
  const heard = received(await proxy.connect())
  await until(async () => (await counted(proxy, 'portolan_http_held')) === 1)
  proxy.set(database({ port: service.port }))
  expect(String(await heard)).toBe('there')
})

test('a draining endpoint gets no new connection, and the old ones end in time', async () => {
  await using first = await parrot()
  await using second = await speaker('second')
  await using proxy = await tcpBed({ drainMs: 2000 })
  proxy.set(database({ port: first.port }))
  const old = await proxy.connect()
  old.write('a')
  await new Promise((resolve) => old.once('data', resolve))
  proxy.set(
    database({ port: first.port, state: 'draining', stopTimeout: 60 }),
    database({ ...other, port: second.port }),
  )
  expect(String(await received(await proxy.connect()))).toBe('second')
  old.write('b')
  expect(String(await new Promise((resolve) => old.once('data', resolve)))).toBe('b')
  expect(first.connections()).toBe(1)
  await new Promise((resolve) => old.once('end', resolve))
  const cut = 'portolan_tcp_connections_total{entrypoint="db",service="shop/db",outcome="cut"}'
  await until(async () => (await counted(proxy, cut)) === 1)
})

test('one that drains and comes back keeps its connections', async () => {
  await using service = await parrot()
  await using proxy = await tcpBed({ drainMs: 200 })
  proxy.set(database({ port: service.port }))
  const client = await proxy.connect()
  client.write('a')
  await new Promise((resolve) => client.once('data', resolve))
  proxy.set(database({ port: service.port, state: 'draining', stopTimeout: 60 }))
  proxy.set(database({ port: service.port }))
  await new Promise((resolve) => {
    setTimeout(resolve, 400)
  })
  client.end('b')
  expect(String(await received(client))).toBe('b')
})

test('an unrelated change leaves connections alone', async () => {
  await using service = await parrot()
  await using proxy = await tcpBed()
  const db = database({ port: service.port })
  proxy.set(db)
  const client = await proxy.connect()
  client.write('a')
  await new Promise((resolve) => client.once('data', resolve))
  proxy.set(db, database({ service: 'cache', ...other, port: 1, rule: 'HostSNI(`x.test`)' }))
  client.end('b')
  expect(String(await received(client))).toBe('b')
})

test('when the proxy ends, connections have the time of --drain', async () => {
  await using service = await parrot()
  const proxy = await tcpBed({ drainMs: 2000 })
  proxy.set(database({ port: service.port }))
  const client = await proxy.connect()
  client.write('a')
  await new Promise((resolve) => client.once('data', resolve))
  const stopped = proxy.stop()
  client.write('b')
  expect(String(await new Promise((resolve) => client.once('data', resolve)))).toBe('b')
  await stopped
  await expect(connected(proxy.port)).rejects.toThrow('ECONNREFUSED')
})

test('only allowed addresses get in', async () => {
  await using service = await speaker('in')
  await using proxy = await tcpBed()
  const guarded = (ranges: string[]) =>
    database({
      port: service.port,
      routes: [{ rule: 'HostSNI(`*`)', middlewares: ['ip'] }],
      policy: { ...database().policy, middlewares: { ip: { allowIp: { ranges, status: 403 } } } },
    })
  proxy.set(guarded(['127.0.0.0/8']))
  expect(String(await received(await proxy.connect()))).toBe('in')
  proxy.set(guarded(['10.0.0.0/8']))
  expect(await received(await proxy.connect()).catch(String)).toHaveLength(0)
  expect(service.connections()).toBe(1)
})

test('each address has so many connections at a time, each /64 of IPv6', async () => {
  await using service = await parrot()
  await using proxy = await tcpBed({ trust: ['127.0.0.9'] })
  proxy.set(
    database({
      port: service.port,
      routes: [{ rule: 'HostSNI(`*`)', middlewares: ['few'] }],
      policy: { ...database().policy, middlewares: { few: { inFlight: { amount: 2 } } } },
    }),
  )
  const spoken = async (localAddress: string, said = '') => {
    const client = connect({ host: '127.0.0.1', port: proxy.port, localAddress })
    client.on('error', () => {})
    client.write(`${said}x`)
    const heard = await Promise.race([
      new Promise((resolve) => client.once('data', () => resolve(true))),
      new Promise((resolve) => client.once('close', () => resolve(false))),
    ])
    return { client, heard }
  }
  const first = await spoken('127.0.0.1')
  expect([first.heard, (await spoken('127.0.0.1')).heard]).toEqual([true, true])
  expect((await spoken('127.0.0.1')).heard).toBe(false)
  expect((await spoken('127.0.0.2')).heard).toBe(true)
  const sixth = async (ip: string) =>
    (await spoken('127.0.0.9', `PROXY TCP6 ${ip} ::1 1234 5432\r\n`)).heard
  expect([await sixth('2001:db8::1'), await sixth('2001:db8::2')]).toEqual([true, true])
  expect([await sixth('2001:db8::3'), await sixth('2001:db8:0:1::1')]).toEqual([false, true])
  first.client.destroy()
  await until(async () => (await spoken('127.0.0.1')).heard === true)
})

test('a middleware that only knows requests closes the route', async () => {
  await using service = await tcpBackend((socket) => socket.end('in'))
  await using proxy = await tcpBed()
  proxy.set(
    database({
      port: service.port,
      routes: [{ rule: 'HostSNI(`*`)', middlewares: ['strip'] }],
      policy: { ...database().policy, middlewares: { strip: { stripPrefix: ['/a'] } } },
    }),
  )
  expect(await received(await proxy.connect()).catch(String)).toHaveLength(0)
  expect(proxy.problems().map(({ what }) => what)).toContain(
    'middleware strip (stripPrefix) can not act on connections',
  )
})

test('a hand-written route goes to fixed addresses', async () => {
  await using service = await speaker('fixed')
  await using proxy = await tcpBed()
  proxy.catalog.set(
    catalogOf([], {
      routes: written({
        legacy: {
          entrypoints: ['db'],
          rule: 'HostSNI(`*`)',
          endpoints: [{ protocol: 'tcp', ip: '127.0.0.1', port: service.port }],
        },
      }),
    }),
  )
  expect(String(await received(await proxy.connect()))).toBe('fixed')
  expect(proxy.proxy.routes()).toMatchObject([{ name: 'legacy', kind: 'tcp', entrypoints: ['db'] }])
})

test('a connection is explained as it would be served', async () => {
  await using service = await parrot()
  await using proxy = await tcpBed()
  proxy.set(
    database({ port: service.port, rule: 'HostSNI(`a.test`)' }),
    database({ ...other, service: 'cache', port: service.port, state: 'unhealthy' }),
  )
  const asked = { scheme: 'tcp', path: '', query: '', method: 'GET', port: proxy.port } as const
  expect(proxy.proxy.explain({ ...asked, host: 'a.test' })).toMatchObject({
    entrypoint: 'db',
    route: { service: 'shop/db' },
    endpoints: [{ at: `tcp://127.0.0.1:${service.port}`, used: true }],
    why: 'one of the ready endpoints answers',
  })
  expect(proxy.proxy.explain({ ...asked, host: 'localhost' })).toMatchObject({
    route: { service: 'shop/cache' },
    why: 'no endpoint is ready',
  })
  expect(proxy.proxy.explain({ ...asked, port: 1, host: 'localhost' }).why).toContain(
    `open: db :${proxy.port}`,
  )
})
