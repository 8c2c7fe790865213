import { expect, test } from 'vitest'

import { compare } from '../../src/core/catalog.ts'
import { nodeKey } from '../../src/core/keys.ts'
import { containerId } from '../core/samples.ts'
import { container, nodeRecord } from './containers.ts'
import { becomes, own, prefix, web, world } from './scene.ts'

test('the store follows the containers, and one change is one revision', async () => {
  await using all = world()
  const h1 = all.node()
  h1.run(web)
  await becomes(all.keys, own)
  const { revision } = await all.store.list('/', all.signal)
  h1.run({ ...web, health: 'unhealthy' })
  await becomes(all.keys, own.slice(0, 2))
  expect((await all.store.list('/', all.signal)).revision).toBe(revision + 1)
  h1.run()
  await becomes(all.keys, ['/portolan/nodes/h1'])
  expect((await all.store.list('/', all.signal)).revision).toBe(revision + 2)
})

test('nothing is written, and nothing deleted, before Docker was read', async () => {
  await using all = world()
  await all.apply([{ kind: 'put', key: '/portolan/instances/h1/abc123def456/1', value: 'old' }])
  all.node()
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(await all.keys()).toEqual(['/portolan/instances/h1/abc123def456/1'])
})

test('what an earlier run left is cleared away, what others wrote is not', async () => {
  await using all = world()
  const others = ['/portolan/instances/h2/x/1', '/portolan/routes/x', '/services/web/h1:by-hand:1']
  const old = '/portolan/instances/h1/000000000000/1'
  await all.apply([...others, old].map((key) => ({ kind: 'put', key, value: 'v' })))
  all.node().run(web)
  await becomes(all.keys, [...own, ...others].toSorted(compare))
})

test('an id of its own is ours too: it is healed when deleted, and goes with its container', async () => {
  await using all = world()
  const h1 = all.node()
  h1.run({ ...web, labels: { SERVICE_ID: 'my-id' } })
  const keys = [...own.slice(0, 2), '/services/web/my-id']
  await becomes(all.keys, keys)
  await all.apply([{ kind: 'delete', key: '/services/web/my-id' }])
  await becomes(all.keys, keys)
  expect(h1.problems()).toEqual([])
  h1.run()
  await becomes(all.keys, ['/portolan/nodes/h1'])
})

test('a plain key that somebody else holds stays theirs, and it is said', async () => {
  await using all = world()
  const key = '/services/web/h1:web:3000'
  await all.apply([{ kind: 'put', key, value: 'theirs' }])
  const h1 = all.node()
  h1.run(web)
  await becomes(all.keys, own)
  expect((await all.store.list(key, all.signal)).entries.get(key)?.value).toBe('theirs')
  expect(h1.problems()).toMatchObject([{ where: `key ${key}` }])
})

test('a lost lease is granted anew and everything is put again', async () => {
  await using all = world()
  const h1 = all.node()
  h1.run(web)
  await becomes(all.keys, own)
  const lost = h1.session.lease.current?.id ?? ''
  await all.store.revoke(lost, all.signal)
  await becomes(async () => {
    const { entries } = await all.store.list('/', all.signal)
    return [...entries.values()].filter(({ lease }) => lease !== lost).length
  }, 3)
})

test('another engine with our name writes on; we write nothing and say why, until it is gone', async () => {
  await using all = world()
  const other = JSON.stringify({ ...nodeRecord, engine: 'E2', session: 's9' })
  await all.apply([{ kind: 'put', key: nodeKey(prefix, 'h1'), value: other }])
  const h1 = all.node()
  h1.run(web)
  await becomes(async () => h1.problems().map(({ where }) => where), ['node h1'])
  expect(h1.problems()[0]?.remedy).toContain('--node')
  expect(await all.keys()).toEqual(['/portolan/nodes/h1'])
  await all.apply([{ kind: 'delete', key: nodeKey(prefix, 'h1') }])
  await becomes(all.keys, own)
  expect(h1.problems()).toEqual([])
})

test('who leaves while another one has the name takes nothing of that one along', async () => {
  await using all = world()
  const h1 = all.node()
  h1.run(web)
  await becomes(all.keys, own)
  const { revision } = await all.store.list('/', all.signal)
  const other = all.node({ engine: 'E2', session: 's9' })
  other.run(web)
  await becomes(async () => other.problems().map(({ where }) => where), ['node h1'])
  await other.registrator.leave(all.signal)
  expect((await all.store.list('/', all.signal)).revision).toBe(revision)
})

test('a newer process of the same engine takes over, the older one stops until it is gone', async () => {
  await using all = world()
  const older = all.node()
  older.run(web)
  await becomes(all.keys, own)
  const newer = all.node({ session: 's2', startedAt: '2026-01-01T00:00:20Z' })
  newer.run(web)
  await becomes(async () => {
    const { entries } = await all.store.list('/', all.signal)
    return [...entries.values()].every(({ lease }) => lease === newer.session.lease.current?.id)
  }, true)
  older.run()
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(await all.keys()).toEqual(own)
  expect(older.problems()[0]?.why).toContain('started later')
  older.run(web)
  await newer.registrator.leave(all.signal)
  await becomes(all.keys, own)
  expect(older.problems()).toEqual([])
})

test('a store that is away is said once, not at each try', async () => {
  await using all = world()
  const h1 = all.node()
  h1.run(web)
  await becomes(all.keys, own)
  await all.store[Symbol.asyncDispose]()
  h1.run()
  await new Promise((resolve) => setTimeout(resolve, 800))
  expect(all.lines.filter((line) => line.includes('registration failed'))).toHaveLength(1)
})

test('leaving takes everything of the node out, for good', async () => {
  await using all = world()
  const h1 = all.node()
  h1.run(web)
  await becomes(all.keys, own)
  await h1.registrator.leave(all.signal)
  expect(await all.keys()).toEqual([])
  expect(h1.problems()).toMatchObject([{ severity: 'note', why: 'portolan leave was called' }])
  h1.run(web, container({ id: containerId('fff'), name: 'late' }))
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(await all.keys()).toEqual([])
})

test('a store that is read late is written as soon as it is', async () => {
  await using all = world()
  const h1 = all.node({}, 300)
  h1.run(web)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(await all.keys()).toEqual([])
  await becomes(all.keys, own)
})

test('what the store refuses is said, and keeps nothing else from being written', async () => {
  await using all = world()
  const h1 = all.node()
  all.refuse((changes) => changes.some(({ key }) => key.includes('fff')))
  h1.run(web, container({ id: containerId('fff'), name: 'big' }))
  await becomes(all.keys, own)
  await becomes(async () => h1.problems().map(({ severity }) => severity), ['error'])
  expect(h1.problems()[0]?.where).toContain('/fff')
  all.refuse(() => false)
  await becomes(async () => (await all.keys()).length, own.length + 2)
  await becomes(async () => h1.problems(), [])
})
