import { createServer } from 'node:net'

import { expect, test } from 'vitest'

import { createCatalog } from '../../src/catalog/follow.ts'
import { answersTcp } from '../../src/catalog/probe.ts'
import type { Catalog } from '../../src/core/catalog.ts'
import type { Instance } from '../../src/core/instance.ts'
import { instanceKey, nodeKey } from '../../src/core/keys.ts'
import { live } from '../../src/core/live.ts'
import type { Problem } from '../../src/core/problems.ts'
import { embeddedStore } from '../../src/store/embedded.ts'
import { createMirror } from '../../src/store/mirror.ts'
import type { Change, Entry } from '../../src/store/store.ts'
import { containerId, instance } from '../core/samples.ts'

const prefix = '/portolan'
const node = (name: string, lease = 'E') => ({
  kind: 'put' as const,
  key: nodeKey(prefix, name),
  value: JSON.stringify({
    v: 1,
    node: name,
    engine: lease,
    session: 's',
    address: '',
    roles: [],
    version: '0',
  }),
})
const put = (one: Instance): Change => ({
  kind: 'put',
  key: instanceKey(prefix, one),
  value: JSON.stringify(one),
})

type Setup = {
  saved?: ReadonlyMap<string, Entry>
  probe?: () => Promise<boolean>
  doubtMs?: number
}

/** A catalog on an embedded store, running until the test ends. */
function setUp({ saved, probe = async () => false, doubtMs = 1000 }: Setup = {}) {
  const stop = new AbortController()
  const store = embeddedStore()
  const mirror = createMirror({ store, prefix: `${prefix}/`, onError: () => {} })
  const own = live<{ node: string; instances: readonly Instance[] } | undefined>(undefined)
  const problems: Problem[][] = []
  const report = (_: string, list: readonly Problem[]) => void problems.push([...list])
  const follower = createCatalog({
    prefix,
    own,
    registers: true,
    mirror,
    saved,
    probe,
    doubtMs,
    report,
  })
  const running = Promise.all([mirror.run(stop.signal), follower.run(stop.signal)])
  const names = (catalog: Catalog | undefined) =>
    [...(catalog?.services.values() ?? [])].flat().map(({ name }) => name)
  return {
    own,
    catalog: follower.catalog,
    problems: () => problems.at(-1) ?? [],
    apply: (changes: Change[], lease?: string) =>
      store.apply(changes, lease === undefined ? {} : { lease }, stop.signal),
    lease: () => store.grant(60, stop.signal),
    revoke: (id: string) => store.revoke(id, stop.signal),
    /** Resolves when the catalog has exactly these container names. */
    async has(...wanted: string[]) {
      for await (const current of follower.catalog.changes(AbortSignal.timeout(3000))) {
        if (JSON.stringify(names(current).toSorted()) === JSON.stringify(wanted.toSorted())) return
      }
      expect(names(follower.catalog.current).toSorted()).toEqual(wanted.toSorted())
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
      await store[Symbol.asyncDispose]()
    },
  }
}

const own = (name: string, fields = {}) =>
  instance({ name, container: containerId(name), ...fields })
const other = (name: string, fields = {}) => own(name, { node: 'h2', ...fields })

test("this node's instances come straight from its registrator, the others' from the store", async () => {
  await using world = setUp()
  await world.apply([node('h2'), put(other('b1')), put(own('a9', { name: 'stale' }))])
  await world.has('b1', 'stale')
  expect(world.catalog.current?.complete).toBe(false)
  world.own.set({ node: 'h1', instances: [own('a1')] })
  await world.has('a1', 'b1')
  expect(world.catalog.current?.complete).toBe(true)
  world.own.set({ node: 'h1', instances: [] })
  await world.has('b1')
})

test('a service whose instances did not change keeps its list', async () => {
  await using world = setUp()
  world.own.set({ node: 'h1', instances: [own('a1')] })
  await world.apply([node('h2'), put(other('b1', { service: 'api' }))])
  await world.has('a1', 'b1')
  const before = world.catalog.current?.services.get('shop/web')
  await world.apply([put(other('b2', { service: 'api' }))])
  await world.has('a1', 'b1', 'b2')
  expect(world.catalog.current?.services.get('shop/web')).toBe(before)
})

test('a key that can not be read is a problem and harms no other', async () => {
  await using world = setUp()
  world.own.set({ node: 'h1', instances: [] })
  const key = `${prefix}/instances/h2/bad/80`
  await world.apply([{ kind: 'put', key, value: '{' }, node('h2'), put(other('b1'))])
  await world.has('b1')
  expect(world.problems()).toMatchObject([{ where: `key ${key}`, remedy: 'fix or delete it' }])
  await world.apply([{ kind: 'delete', key }, put(other('b2'))])
  await world.has('b1', 'b2')
  expect(world.problems()).toEqual([])
})

test('what its node deletes is gone at once', async () => {
  await using world = setUp({ probe: async () => true, doubtMs: 60_000 })
  world.own.set({ node: 'h1', instances: [] })
  await world.apply([node('h2'), put(other('b1')), put(other('b2'))])
  await world.has('b1', 'b2')
  await world.apply([{ kind: 'delete', key: instanceKey(prefix, other('b1')) }])
  await world.has('b2')
})

test('a lost node keeps what still answers, no longer than the limit', async () => {
  const backend = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => backend.once('listening', resolve))
  const address = backend.address()
  const port = typeof address === 'object' && address ? address.port : 0
  let probes = 0
  const probe = async () => {
    probes++
    return answersTcp('127.0.0.1', port, 500, AbortSignal.timeout(1000))
  }
  await using world = setUp({ probe, doubtMs: 300 })
  world.own.set({ node: 'h1', instances: [] })
  const { id } = await world.lease()
  await world.apply([node('h2'), put(other('b1'))], id)
  await world.has('b1')
  const lostAt = performance.now()
  await world.revoke(id)
  await world.has()
  expect(performance.now() - lostAt).toBeGreaterThanOrEqual(295)
  expect(probes).toBeGreaterThan(0)

  await world.apply([node('h2'), put(other('b1'))])
  await world.has('b1')
  await new Promise((resolve) => backend.close(resolve))
  await world.apply([
    { kind: 'delete', key: nodeKey(prefix, 'h2') },
    { kind: 'delete', key: instanceKey(prefix, other('b1')) },
  ])
  await world.has()
})

test('a node that comes back while it is doubted loses nothing', async () => {
  await using world = setUp({ probe: async () => true, doubtMs: 400 })
  world.own.set({ node: 'h1', instances: [] })
  const { id } = await world.lease()
  await world.apply([node('h2'), put(other('b1'))], id)
  await world.has('b1')
  await world.revoke(id)
  await world.apply([node('h2'), put(other('b1'))])
  await new Promise((resolve) => setTimeout(resolve, 600))
  await world.has('b1')
})

const savedOf = (...changes: readonly Change[]) =>
  new Map(
    changes.flatMap((change) =>
      change.kind === 'put' ? [[change.key, { value: change.value, lease: '' }] as const] : [],
    ),
  )

test('what an earlier run saved of this node ends with the first reading of Docker', async () => {
  await using world = setUp({ saved: savedOf(node('h1'), put(own('dead')), put(own('a1'))) })
  world.own.set({ node: 'h1', instances: [own('a1')] })
  await world.has('a1')
  await world.apply([node('h2'), put(other('b1'))])
  await world.has('a1', 'b1')
})

test("a doubt from before Docker was read takes none of this node's instances away", async () => {
  const saved = savedOf(node('h1'), put(own('a1')), put(own('dead')))
  await using world = setUp({ saved, probe: async () => true, doubtMs: 200 })
  await world.has('a1', 'dead')
  // the store is empty: what was saved is doubted now
  await new Promise((resolve) => setTimeout(resolve, 50))
  world.own.set({ node: 'h1', instances: [own('a1')] })
  await world.has('a1')
  await new Promise((resolve) => setTimeout(resolve, 400))
  await world.has('a1')
})

test('a saved state stands in until the store is read, then the store decides', async () => {
  await using world = setUp({ saved: savedOf(node('h2'), put(other('b1'))) })
  world.own.set({ node: 'h1', instances: [] })
  await world.has()
  expect(world.catalog.current?.complete).toBe(true)
})

test('hand-written routes and nodes are there by name', async () => {
  await using world = setUp()
  world.own.set({ node: 'h1', instances: [] })
  const value = '{"v":1,"rule":"Host(`legacy.localhost`)","service":"shop/web"}'
  await world.apply([
    node('h2'),
    { kind: 'put', key: `${prefix}/routes/legacy`, value },
    put(other('b1')),
  ])
  await world.has('b1')
  expect(world.catalog.current?.routes.get('legacy')?.rule).toBe('Host(`legacy.localhost`)')
  expect([...(world.catalog.current?.nodes.keys() ?? [])]).toEqual(['h2'])
})
