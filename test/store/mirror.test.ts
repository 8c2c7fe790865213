import { expect, test } from 'vitest'

import { until } from '../../src/core/live.ts'
import { embeddedStore } from '../../src/store/embedded.ts'
import { createMirror, type MirrorStatus } from '../../src/store/mirror.ts'
import type { Batch, Change, Snapshot, Store } from '../../src/store/store.ts'
import { following, never, putAll } from './following.ts'

test('an empty store is told as such, once it has been read', async () => {
  await using store = embeddedStore()
  await using one = await following(store, '/a/')
  expect(one.turns).toEqual([new Set()])
  expect(one.mirror.status.current).toEqual({ kind: 'live' })
})

test('a follower first gets all keys, then those that changed, but not what was written as it was', async () => {
  await using store = embeddedStore()
  await putAll(store, { '/a/1': 'x', '/a/2': 'x', '/b/1': 'x' })
  await using one = await following(store, '/a/')
  await putAll(store, { '/a/1': 'x' })
  await putAll(store, { '/a/3': 'x' })
  await expect.poll(() => one.turns).toEqual([new Set(['/a/1', '/a/2']), new Set(['/a/3'])])
  expect([...one.mirror.entries.keys()].toSorted()).toEqual(['/a/1', '/a/2', '/a/3'])
})

test('a slow follower gets the union of what it missed', async () => {
  await using store = embeddedStore()
  await using one = await following(store, '/a/')
  const slow = one.mirror.follow(never)[Symbol.asyncIterator]()
  await slow.next()
  await putAll(store, { '/a/1': 'x', '/a/2': 'x' })
  await expect.poll(() => one.mirror.entries.size).toBe(2)
  expect((await slow.next()).value).toEqual(new Set(['/a/1', '/a/2']))
  await slow.return?.()
})

test('after lost history it lists again and tells only the difference', async () => {
  await using store = embeddedStore()
  await putAll(store, { '/a/same': '1', '/a/gone': '1', '/a/other': '1' })
  const { deaf, hear } = deafTo(store)
  await using one = await following(deaf, '/a/')
  await putAll(store, { '/a/other': '2', '/a/new': '1' })
  await store.apply([{ kind: 'delete', key: '/a/gone' }], {}, never)
  hear()
  await expect.poll(() => one.turns.at(-1)).toEqual(new Set(['/a/gone', '/a/other', '/a/new']))
  expect(one.errors).toMatchObject([{ code: 'compacted' }])
})

test('while the store cannot be read it says why, and keeps the last good copy', async () => {
  const store = embeddedStore()
  await putAll(store, { '/a/1': 'x' })
  await using one = await following(store, '/a/')
  await store[Symbol.asyncDispose]()
  const isAway = (status: MirrorStatus): status is MirrorStatus & { kind: 'away' } =>
    status.kind === 'away'
  const { reason, sinceMs } = await until(one.mirror.status, isAway, AbortSignal.timeout(2000))
  expect(reason).toMatch(/closed/)
  expect(Date.now() - sinceMs).toBeLessThan(2000)
  expect(one.mirror.entries.size).toBe(1)
})

test('nobody is told anything before the store was read', async () => {
  const store = embeddedStore()
  await store[Symbol.asyncDispose]()
  const mirror = createMirror({ store, prefix: '/', onError: () => {} })
  const stop = AbortSignal.timeout(400)
  const turns: ReadonlySet<string>[] = []
  const collect = async () => {
    for await (const keys of mirror.follow(stop)) turns.push(keys)
  }
  await Promise.all([mirror.run(stop), collect()])
  expect(turns).toEqual([])
  expect(mirror.status.current).toMatchObject({ kind: 'reading', reason: /closed/ })
})

test('a batch of one change among 10,000 keys costs less than 0.2 ms', async () => {
  const rounds = 2000
  const entries = new Map(
    Array.from({ length: 10_000 }, (_, index) => [`/a/${index}`, { value: 'x', lease: '' }]),
  )
  const ready = Promise.withResolvers<void>()
  const store: Pick<Store, 'list' | 'watch'> = {
    list: async (): Promise<Snapshot> => ({ revision: 1, entries }),
    async *watch(_prefix, after, signal): AsyncIterable<Batch> {
      await ready.promise
      for (let revision = after + 1; revision <= after + rounds; revision++) {
        const entry = { value: String(revision), lease: '' }
        yield { revision, edits: [{ kind: 'put', key: `/a/${revision}`, entry }] }
      }
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    },
  }
  await using one = await following(store, '/a/')
  const before = process.cpuUsage()
  ready.resolve()
  await expect.poll(() => one.mirror.revision, { interval: 5 }).toBe(1 + rounds)
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1000 / rounds).toBeLessThan(0.2)
})

/** `store`, whose first watch hears nothing until `hear`, and is told then that the history is gone. */
function deafTo(store: Store) {
  const heard = Promise.withResolvers<void>()
  let isDeaf = true
  const deaf: Pick<Store, 'list' | 'watch'> = {
    ...store,
    async *watch(prefix, after, signal) {
      if (isDeaf) {
        await heard.promise
        isDeaf = false
        // the embedded store keeps 1000 revisions: make that many, elsewhere
        const change = (value: number): Change => ({ kind: 'put', key: '/b', value: String(value) })
        for (let step = 0; step < 2100; step++) await store.apply([change(step)], {}, signal)
      }
      yield* store.watch(prefix, after, signal)
    },
  }
  return { deaf, hear: heard.resolve }
}
