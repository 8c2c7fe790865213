import { createServer } from 'node:net'

import { expect, test } from 'vitest'

import { answersTcp } from '../../src/catalog/probe.ts'
import { instanceKey, nodeKey } from '../../src/core/keys.ts'
import type { Change } from '../../src/store/store.ts'
import { node, other, own, part, prefix, put, setUp } from './scene.ts'

test("this node's instances come straight from its registrator, the others' from the store", async () => {
  await using world = setUp()
  await world.apply([node('h2'), put(other('b1')), put(own('a9', { name: 'stale' }))])
  await world.has('b1', 'stale')
  expect(world.catalog.current?.complete).toBe(false)
  world.own.set(part(own('a1')))
  await world.has('a1', 'b1')
  expect(world.catalog.current?.complete).toBe(true)
  world.own.set(part())
  await world.has('b1')
})

test('a service whose instances did not change keeps its list', async () => {
  await using world = setUp()
  world.own.set(part(own('a1')))
  await world.apply([node('h2'), put(other('b1', { service: 'api' }))])
  await world.has('a1', 'b1')
  const before = world.catalog.current?.services.get('shop/web')
  await world.apply([put(other('b2', { service: 'api' }))])
  await world.has('a1', 'b1', 'b2')
  expect(world.catalog.current?.services.get('shop/web')).toBe(before)
})

test('a key that can not be read is a problem and harms no other', async () => {
  await using world = setUp()
  world.own.set(part())
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
  world.own.set(part())
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
  world.own.set(part())
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
  world.own.set(part())
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
  world.own.set(part(own('a1')))
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
  world.own.set(part(own('a1')))
  await world.has('a1')
  await new Promise((resolve) => setTimeout(resolve, 400))
  await world.has('a1')
})

test('a saved state stands in until the store is read, then the store decides', async () => {
  await using world = setUp({ saved: savedOf(node('h2'), put(other('b1'))) })
  world.own.set(part())
  await world.has()
  expect(world.catalog.current?.complete).toBe(true)
})

test('hand-written routes and nodes are there by name', async () => {
  await using world = setUp()
  world.own.set(part())
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

test('a catalog keeps its hand-written routes while later ones have others', async () => {
  await using world = setUp()
  world.own.set(part())
  const key = (name: string) => `${prefix}/routes/${name}`
  const route = (name: string, host: string) => ({
    kind: 'put' as const,
    key: key(name),
    value: JSON.stringify({ v: 1, rule: `Host(\`${host}\`)`, service: 'web' }),
  })
  const shown = (catalog = world.catalog.current) =>
    [...(catalog?.routes ?? [])].map(([name, { rule }]) => `${name} ${rule}`).toSorted()
  const has = async (...rules: string[]) => {
    for await (const current of world.catalog.changes(AbortSignal.timeout(30_000))) {
      if (current && JSON.stringify(shown(current)) === JSON.stringify(rules)) return current
    }
    return expect(shown()).toEqual(rules)
  }
  await world.apply([route('a', 'one'), route('b', 'two')])
  const first = await has('a Host(`one`)', 'b Host(`two`)')
  await world.apply([route('a', 'three'), { kind: 'put', key: key('b'), value: '{' }])
  const second = await has('a Host(`three`)')
  expect(world.problems()).toMatchObject([{ where: `key ${key('b')}` }])
  await world.apply([{ kind: 'delete', key: key('a') }, route('b', 'four')])
  await has('b Host(`four`)')
  expect(world.problems()).toEqual([])
  expect(shown(first ?? undefined)).toEqual(['a Host(`one`)', 'b Host(`two`)'])
  expect(shown(second ?? undefined)).toEqual(['a Host(`three`)'])
})
