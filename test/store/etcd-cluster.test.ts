import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'

import { etcdStore } from '../../src/store/etcd/etcd.ts'
import { createSession, type Session } from '../../src/store/session.ts'
import type { EtcdServer } from './etcd-server.ts'
import { expectEqual, following, never, putAll } from './following.ts'
import { type Members, startMembers } from './members.ts'

const stack = new AsyncDisposableStack()
let members: Members

beforeAll(async () => {
  members = stack.use(await startMembers())
})
afterAll(() => stack.disposeAsync())

let lifetime: AsyncDisposableStack
beforeEach(async () => {
  lifetime = new AsyncDisposableStack()
  await expect.poll(() => members.areHealthy(), { timeout: 60_000 }).toBe(true)
})
afterEach(() => lifetime.disposeAsync())

test('a member that is cut off from the others is left, and the lease is kept', async () => {
  const [first, second] = members.all
  if (!first || !second) throw new Error('no servers')
  const { store, direct, one, session, lease } = await client([first, second])
  await members.part(first)
  lifetime.defer(() => members.rejoin(first))

  await expect
    .poll(() => putAll(direct, { '/cut/a': '1' }).then(() => true, String), { timeout: 30_000 })
    .toBe(true)
  await expectEqual(one, direct, '/cut/')
  await putAll(store, { '/cut/b': '1' })
  await expectEqual(one, direct, '/cut/')
  expect(await direct.keepAlive(lease, never)).toBeGreaterThan(0)
  expect(session.lease.current?.id).toBe(lease)
})

test('a leader that is killed is left, and the lease is kept', async () => {
  const { leader, others } = await members.leader()
  const { store, direct, one, session, lease } = await client([leader, ...others])
  await leader.kill()
  lifetime.defer(() => leader.start())

  const put = () => putAll(store, { '/cut/c': '1' }).then(() => true, String)
  await expect.poll(put, { timeout: 30_000, interval: 100 }).toBe(true)
  await expectEqual(one, direct, '/cut/')
  expect(await direct.keepAlive(lease, never)).toBeGreaterThan(0)
  expect(session.lease.current?.id).toBe(lease)
})

test('a frozen member is left, and the lease is kept', async () => {
  const { leader, others } = await members.leader()
  const [follower] = others
  if (!follower) throw new Error('no follower')
  const { store, direct, one, session, lease } = await client([follower, leader])
  await follower.freeze()
  lifetime.defer(() => follower.thaw())

  await putAll(direct, { '/cut/d': '1' })
  await expectEqual(one, direct, '/cut/')
  await putAll(store, { '/cut/e': '1' })
  await expectEqual(one, direct, '/cut/')
  expect(session.lease.current?.id).toBe(lease)
})

/** A store at both members in this order, with a mirror and a lease; and one at the second alone. */
async function client(servers: readonly EtcdServer[]) {
  const endpoints = servers.map(({ endpoint }) => endpoint)
  const store = lifetime.use(etcdStore({ endpoints }))
  const direct = lifetime.use(etcdStore({ endpoints: endpoints.slice(1) }))
  const one = lifetime.use(await following(store, '/cut/'))
  const session = createSession({ store, ttlSeconds: 15, onError: () => {} })
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
  await expect.poll(() => session.lease.current, { timeout: 30_000 }).toBeDefined()
  return session.lease.current?.id ?? ''
}
