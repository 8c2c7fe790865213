import { setTimeout as pause } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { messageOf } from '../../src/core/errors.ts'
import { etcdStore } from '../../src/store/etcd/etcd.ts'
import { createSession } from '../../src/store/session.ts'
import { startEtcd } from './etcd-server.ts'
import { eventually } from './eventually.ts'
import { expectEqual, following, never, putAll } from './following.ts'

test.concurrent('after kill -9 and a restart the mirror is fresh', async () => {
  await using lab = await startLab()
  const { server, store } = lab
  await putAll(store, { '/kill/a': '1', '/kill/b': '1' })
  await using one = await following(store, '/kill/')
  await server.kill()
  const asked = performance.now()
  await expect(store.list('/kill/', never)).rejects.toMatchObject({ code: 'store-down' })
  expect(performance.now() - asked).toBeLessThan(15_000)
  await eventually(() => expect(one.mirror.status.current).toMatchObject({ kind: 'away' }))
  expect(one.mirror.entries.size).toBe(2)

  await server.start()
  await server.ctl('put', '/kill/c', '1')
  await server.ctl('del', '/kill/a')
  await eventually(() => expect([...one.mirror.entries.keys()]).toEqual(['/kill/b', '/kill/c']))
  expect(one.turns.slice(1).reduce((all, turn) => all.union(turn), new Set<string>())).toEqual(
    new Set(['/kill/a', '/kill/c']),
  )
})

test.concurrent('a frozen etcd is noticed, calls end in time, and a lease that ran out meanwhile is replaced', async () => {
  await using lab = await startLab()
  const { server, store } = lab
  await using one = await following(store, '/freeze/')
  const stop = new AbortController()
  const session = createSession({ store, ttlSeconds: 2, onError: () => {} })
  const running = session.run(stop.signal)
  await eventually(() => expect(session.lease.current).toBeDefined())
  const first = session.lease.current?.id ?? ''
  await store.apply([{ kind: 'put', key: '/freeze/a', value: '1' }], { lease: first }, never)

  await server.freeze()
  const asked = performance.now()
  await expect(store.list('/freeze/', never)).rejects.toMatchObject({ code: 'store-down' })
  expect(performance.now() - asked).toBeLessThan(15_000)
  await eventually(() => expect(one.mirror.status.current.kind).toBe('away'))
  expect(one.mirror.entries.size).toBe(1)
  await pause(1500)
  await server.thaw()

  const current = () => session.lease.current?.id ?? first
  await eventually(() => expect(current()).not.toBe(first))
  await putAll(store, { '/freeze/b': '1' })
  await expectEqual(one, store, '/freeze/')
  stop.abort()
  await running
})

test.concurrent('compaction while etcd was away loses nothing', async () => {
  await using lab = await startLab()
  const { server, store } = lab
  await putAll(store, { '/compact/a': '1', '/compact/b': '1' })
  const { revision } = await store.list('/compact/', never)
  await using one = await following(store, '/compact/')
  await server.kill()
  await server.start()
  await server.ctl('put', '/compact/c', '1')
  await server.ctl('del', '/compact/a')
  const status = await server.ctl('endpoint', 'status', '--write-out=fields')
  const [, newest = ''] = /"Revision" : (\d+)/.exec(status) ?? []
  await server.ctl('compact', newest)
  await expectEqual(one, store, '/compact/')
  expect([...one.mirror.entries.keys()]).toEqual(['/compact/b', '/compact/c'])
  const stale = store.watch('/compact/', revision, never)[Symbol.asyncIterator]()
  await expect(stale.next()).rejects.toMatchObject({ code: 'compacted' })
})

test.concurrent('a wiped store is noticed', async () => {
  await using lab = await startLab()
  const { server, store } = lab
  await putAll(store, { '/wipe/a': '1' })
  await using one = await following(store, '/wipe/')
  await server.replace()
  await using other = etcdStore({ endpoints: [server.endpoint] })
  await putAll(other, { '/wipe/b': '1' })
  await expectEqual(one, other, '/wipe/')
  expect([...one.mirror.entries.keys()]).toEqual(['/wipe/b'])
})

test.concurrent('a watch that goes on in another store, one that has overtaken its revision, is refused', async () => {
  await using lab = await startLab()
  const { server } = lab
  await using before = etcdStore({ endpoints: [server.endpoint] })
  const { revision } = await before.list('/overtaken/', never)
  await server.replace()
  await using other = etcdStore({ endpoints: [server.endpoint] })
  await other.list('/overtaken/', never)
  for (let at = 0; at < revision + 5; at++) await putAll(other, { '/overtaken/a': String(at) })
  const error = await untilThrows(async () => {
    for await (const batch of before.watch('/overtaken/', revision, never)) {
      expect(batch).toBeUndefined()
    }
  }, /wiped or restored/)
  expect(error).toMatchObject({ code: 'store-down' })
})

test.concurrent('a store that was restored from a snapshot is noticed', async () => {
  await using lab = await startLab()
  const { server, store } = lab
  await putAll(store, { '/restore/a': '1' })
  await using backup = await server.saved()
  await using one = await following(store, '/restore/')
  await putAll(store, { '/restore/b': '1', '/restore/c': '1' })
  await eventually(() => expect(one.mirror.entries.size).toBe(3))
  await server.replace(backup.path)
  await eventually(() => expect([...one.mirror.entries.keys()]).toEqual(['/restore/a']))
})

test.concurrent('a full etcd refuses with the remedy, and a living lease is kept', async () => {
  await using lab = await startLab('--quota-backend-bytes=65536')
  const { store } = lab
  const lease = await store.grant(10, never)
  const value = 'x'.repeat(10_000)
  const fill = async (step: number) => {
    await store.apply([{ kind: 'put', key: `/full/${step}`, value }], {}, never)
  }
  const refused = await untilThrows(fill, /space exceeded/)
  expect(refused).toMatchObject({ code: 'store-refused', message: /etcdctl alarm disarm/ })
  await expect(store.grant(10, never)).rejects.toMatchObject({ code: 'store-refused' })
  expect(await store.keepAlive(lease.id, never)).toBe(10)
  expect((await store.list('/full/', never)).entries.size).toBeGreaterThan(0)
})

/** An etcd of the test's own, so that tests may run at the same time, and a store at it. */
async function startLab(...flags: readonly string[]) {
  const server = await startEtcd({ flags })
  const store = etcdStore({ endpoints: [server.endpoint] })
  return {
    server,
    store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

/** The error with words like `wanted` that `step` throws, called up to 200 times. */
async function untilThrows(step: (count: number) => Promise<unknown>, wanted: RegExp) {
  for (let count = 0; count < 200; count++) {
    try {
      await step(count)
    } catch (error) {
      if (wanted.test(messageOf(error))) return error
      // the connection to the old store ends first
      await pause(50)
    }
  }
  throw new Error('nothing was thrown')
}
