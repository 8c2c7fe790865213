import { expect, test } from 'vitest'

import { compare } from '../../src/core/catalog.ts'
import type { Container } from '../../src/docker/docker.ts'
import { ownInstances } from '../../src/registrator/own.ts'
import { scope } from '../../src/registrator/scope.ts'
import { WantedEntries } from '../../src/registrator/wanted.ts'
import { containerId, network } from '../core/samples.ts'
import { container, nodeRecord, settings } from './containers.ts'
import { becomes, own, web, world } from './scene.ts'

const engine = { id: 'E1', name: 'h1', version: '', apiVersion: '', kind: 'native' } as const
const plain = { plainPrefix: '/services', plainAddress: 'internal', advertise: '' } as const

function wanting() {
  const toOwn = ownInstances({ ...settings, ...plain })
  const wanted = new WantedEntries('/portolan', nodeRecord)
  return {
    entries: wanted.entries,
    take: (...list: readonly Container[]): string[] => {
      const byId = new Map(list.map((one) => [one.id, one]))
      return [...wanted.take(toOwn({ kind: 'known', engine, byId, self: undefined }))]
    },
  }
}

const other = container({ id: containerId('fff'), name: 'other' })

test('a change touches the keys of its container only', () => {
  const { take } = wanting()
  expect(take(web, other)).toHaveLength(4)
  expect(take(web, other)).toEqual([])
  const changed = take(web, { ...other, stopTimeout: 3 })
  expect(changed.every((key) => /fff|:other:/.test(key))).toBe(true)
  expect(changed).toHaveLength(2)
  expect(take(web)).toHaveLength(2)
})

test('of two containers with one id the same one stands there, whatever came first', () => {
  const labels = { SERVICE_ID: 'same' }
  const [a, b] = [
    { ...web, labels },
    { ...other, labels, networks: [network({ ip: '172.18.0.9' })] },
  ]
  const key = '/services/web/same'
  for (const steps of [[[a, b]], [[a], [a, b]], [[b], [a, b]], [[b], [b, a]]]) {
    const { take, entries } = wanting()
    for (const list of steps) take(...list)
    expect(entries.get(key)?.value).toBe('172.18.0.9:3000')
    take(a)
    expect(entries.get(key)?.value).toBe('172.18.0.3:3000')
    take()
    expect(entries.has(key)).toBe(false)
  }
})

test('everything is looked at first, when it is asked for, and every so often', () => {
  let nowMs = 0
  const looks = scope(1000, () => nowMs)
  looks.add(['a'])
  expect(looks.take()).toBe('all')
  looks.add(['a'])
  looks.add(['b', 'a'])
  expect(looks.take()).toEqual(new Set(['a', 'b']))
  expect(looks.take()).toEqual(new Set())
  looks.add(['c'])
  looks.addAll()
  expect(looks.take()).toBe('all')
  nowMs = 999
  expect(looks.take()).toBe('all')
  nowMs = 1500
  expect(looks.take()).toEqual(new Set())
})

test('keys of others that look like ours are left alone, also when they change', async () => {
  await using all = world()
  const h1 = all.node()
  h1.run(web)
  await becomes(all.keys, own)
  const others = ['/portolan/routes/h1:x', '/portolan/instances/h2/h1:x/1', '/services/a/h1:x:1']
  for (const value of ['1', '2']) {
    await all.apply(others.map((key) => ({ kind: 'put', key, value })))
    await all.apply([{ kind: 'delete', key: own[0] ?? '' }])
    await becomes(all.keys, [...own, ...others].toSorted(compare))
  }
  expect(h1.problems()).toEqual([])
})

test('a key of ours that somebody changes, or that was not ours, is put right at once', async () => {
  await using all = world()
  const h1 = all.node()
  h1.run(web)
  await becomes(all.keys, own)
  const read = async (key: string) => (await all.store.list(key, all.signal)).entries.get(key)
  for (const key of own) {
    const before = await read(key)
    await all.apply([{ kind: 'put', key, value: 'wrong' }])
    // the plain tree's is somebody else's from then on
    if (key.startsWith('/services')) {
      await becomes(async () => h1.problems().map(({ where }) => where), [`key ${key}`])
      await all.apply([{ kind: 'delete', key }])
      await becomes(async () => h1.problems(), [])
    }
    await becomes(async () => read(key), before)
  }
  await all.apply([{ kind: 'put', key: '/portolan/instances/h1/eee/1', value: 'stray' }])
  await becomes(all.keys, own)
})
