import { setTimeout as pause } from 'node:timers/promises'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { etcdStore } from '../../src/store/etcd/etcd.ts'
import type { Store } from '../../src/store/store.ts'
import { take } from './contract.ts'
import { cuttingProxy } from './cutting-proxy.ts'
import { type EtcdServer, startEtcd } from './etcd-server.ts'
import { expectEqual, following, never } from './following.ts'

const stack = new AsyncDisposableStack()
let server: EtcdServer
let direct: Store

beforeAll(async () => {
  server = stack.use(await startEtcd())
  direct = stack.use(etcdStore({ endpoints: [server.endpoint] }))
})
afterAll(() => stack.disposeAsync())

test.concurrent('a backlog of 20 MB arrives whole, in order, nothing twice', async () => {
  const { revision } = await direct.list('/big/', never)
  const revisions: number[] = []
  for (let step = 0; step < 100; step++) {
    revisions.push(await putMany('/big/', 100, step, 2000))
  }
  const batches = await take(direct, '/big/', revision, 100)
  expect(batches.map((batch) => batch.revision)).toEqual(revisions)
  expect(new Set(batches.map((batch) => batch.edits.length))).toEqual(new Set([100]))
})

test.concurrent('a list of 20,000 keys is of one revision, however much is written meanwhile', async () => {
  for (let step = 0; step < 200; step++) await putMany('/long/', 100, step, 300)
  const listing = direct.list('/long/', never)
  const late = await putMany('/long/', 100, 200, 300)
  const { entries, revision } = await listing
  expect(entries.size).toBe(revision < late ? 20_000 : 20_100)
})

for (const bytes of [200, 2000, 20_000, 200_000]) {
  test.concurrent(`cut after ${bytes} bytes, again and again, nothing is missed in the end`, async () => {
    await using proxy = await cuttingProxy(server.port)
    await using store = etcdStore({ endpoints: [proxy.endpoint] })
    const prefix = `/cut/${bytes}/`
    await putMany(prefix, 10, 0, 100)
    await using one = await following(store, prefix)
    proxy.cutAfter = bytes
    for (let step = 1; step < 6; step++) {
      proxy.cut()
      await putMany(prefix, 50, step, 500)
      // time to come back, into the next cut
      await pause(150)
    }
    proxy.cutAfter = undefined
    proxy.cut()
    await putMany(prefix, 1, 7, 10)
    await expectEqual(one, direct, prefix)
    expect(one.errors.length).toBeGreaterThan(2)
    expect(one.turns.reduce((all, turn) => all.union(turn), new Set<string>()).size).toBe(261)
  })
}

for (const bytes of [2000, 50_000, 500_000]) {
  test.concurrent(`a watch that is cut after ${bytes} bytes of its backlog throws, and has yielded no gap`, async () => {
    await using proxy = await cuttingProxy(server.port)
    await using store = etcdStore({ endpoints: [proxy.endpoint] })
    const prefix = `/backlog/${bytes}/`
    const { revision } = await store.list(prefix, never)
    const revisions: number[] = []
    for (let step = 0; step < 30; step++) revisions.push(await putMany(prefix, 50, step, 1000))
    proxy.cutAfter = bytes
    proxy.cut()
    await pause(200)
    const seen: number[] = []
    const watching = (async () => {
      for await (const batch of store.watch(prefix, revision, never)) seen.push(batch.revision)
    })()
    await expect(watching).rejects.toMatchObject({ code: 'store-down' })
    expect(seen.length).toBeLessThan(30)
    expect(seen).toEqual(revisions.slice(0, seen.length))
  })
}

/** One transaction of `count` puts of `size` bytes; gives its revision. */
async function putMany(prefix: string, count: number, step: number, size: number) {
  const changes = Array.from({ length: count }, (_, index) => ({
    kind: 'put' as const,
    key: `${prefix}${step}/${index}`,
    value: `${step} `.padEnd(size, 'x'),
  }))
  return (await direct.apply(changes, {}, never)).revision
}
