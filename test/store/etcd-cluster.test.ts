import { randomUUID } from 'node:crypto'

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'

import { etcdStore } from '../../src/store/etcd/etcd.ts'
import { createSession, type Session } from '../../src/store/session.ts'
import { docker, type EtcdServer, join, part, startEtcd } from './etcd-server.ts'
import { expectEqual, following, never, putAll } from './following.ts'

const stack = new AsyncDisposableStack()
const names = ['m1', 'm2', 'm3']
const network = `portolan-test-${randomUUID()}`
let servers: EtcdServer[]

beforeAll(async () => {
  await docker('network', 'create', '--internal', '--label=test.portolan=store', network)
  stack.defer(async () => void (await docker('network', 'rm', network)))
  // an election takes one to two of these
  const flags = ['--heartbeat-interval=50', '--election-timeout=500']
  const start = (name: string) => startEtcd({ flags, member: { name, network, all: names } })
  servers = await Promise.all(names.map(start))
  for (const server of servers) stack.use(server)
})
afterAll(() => stack.disposeAsync())

let lifetime: AsyncDisposableStack
beforeEach(async () => {
  lifetime = new AsyncDisposableStack()
  await expect
    .poll(() => Promise.all(servers.map(isHealthy)), { timeout: 10_000 })
    .toEqual([true, true, true])
})
afterEach(() => lifetime.disposeAsync())

test('a member that is cut off from the others is left within 5 s, and the lease is kept', async () => {
  const [first, second] = servers
  if (!first || !second) throw new Error('no servers')
  const { store, direct, one, session, lease } = await client([first, second])
  await part(first.container, { network })
  lifetime.defer(() => join(first.container, { name: 'm1', network }))

  await expect
    .poll(() => putAll(direct, { '/cut/a': '1' }).then(() => true, String), { timeout: 4000 })
    .toBe(true)
  expect(await expectEqual(one, direct, '/cut/', 5000)).toBeLessThan(5000)
  await putAll(store, { '/cut/b': '1' })
  await expectEqual(one, direct, '/cut/')
  expect(await direct.keepAlive(lease, never)).toBeGreaterThan(0)
  expect(session.lease.current?.id).toBe(lease)
})

test('a leader that is killed is left, and the lease is kept', async () => {
  const leading = await Promise.all(servers.map(isLeader))
  const leader = servers[leading.indexOf(true)]
  const other = servers[leading.indexOf(false)]
  if (!leader || !other) throw new Error('no leader')
  const { store, direct, one, session, lease } = await client([leader, other])
  await leader.kill()
  lifetime.defer(() => leader.start())

  const put = () => putAll(store, { '/cut/c': '1' }).then(() => true, String)
  await expect.poll(put, { timeout: 5000, interval: 100 }).toBe(true)
  await expectEqual(one, direct, '/cut/')
  expect(await direct.keepAlive(lease, never)).toBeGreaterThan(0)
  expect(session.lease.current?.id).toBe(lease)
})

test('a frozen member is left, and the lease is kept', async () => {
  const leading = await Promise.all(servers.map(isLeader))
  const follower = servers[leading.indexOf(false)]
  const leader = servers[leading.indexOf(true)]
  if (!leader || !follower) throw new Error('no leader')
  const { store, direct, one, session, lease } = await client([follower, leader])
  await follower.freeze()
  lifetime.defer(() => follower.thaw())

  await putAll(direct, { '/cut/d': '1' })
  expect(await expectEqual(one, direct, '/cut/', 5000)).toBeLessThan(5000)
  await putAll(store, { '/cut/e': '1' })
  await expectEqual(one, direct, '/cut/')
  expect(session.lease.current?.id).toBe(lease)
})

/** A store at both members in this order, with a mirror and a lease; and one at the second alone. */
async function client(members: readonly EtcdServer[]) {
  const endpoints = members.map(({ endpoint }) => endpoint)
  const store = lifetime.use(etcdStore({ endpoints }))
  const direct = lifetime.use(etcdStore({ endpoints: endpoints.slice(1) }))
  const one = lifetime.use(await following(store, '/cut/'))
  const session = createSession({ store, ttlSeconds: 6, onError: () => {} })
  const lease = await hold(session)
  return { store, direct, one, session, lease }
}

async function hold(session: Session): Promise<string> {
  const stop = new AbortController()
  const running = session.run(stop.signal)
  lifetime.defer(async () => {
    stop.abort()
    await running
  })
  await expect.poll(() => session.lease.current, { timeout: 3000 }).toBeDefined()
  return session.lease.current?.id ?? ''
}

async function isLeader(server: EtcdServer): Promise<boolean> {
  const status = await server.ctl('endpoint', 'status', '--write-out=json')
  const [, leader] = /"leader":(\d+)/.exec(status) ?? []
  const [, member] = /"member_id":(\d+)/.exec(status) ?? []
  return leader === member
}

async function isHealthy(server: EtcdServer): Promise<boolean> {
  return await server.ctl('endpoint', 'health').then(
    () => true,
    () => false,
  )
}
