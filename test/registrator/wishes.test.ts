import { expect, test } from 'vitest'

import type { NodeRecord } from '../../src/core/keys.ts'
import { type Own } from '../../src/registrator/own.ts'
import { sweepWishes } from '../../src/registrator/sweep.ts'
import { noWishes, wishesIn, wishesOf, wishing } from '../../src/registrator/wishes.ts'
import { embeddedStore } from '../../src/store/embedded.ts'
import { createMirror } from '../../src/store/mirror.ts'
import { containerId, instance } from '../core/samples.ts'
import { nodeRecord } from './containers.ts'

const prefix = '/portolan'
const id = 'abc123def456'
const subject = `h1/${id}/3000`
const one = instance({ container: containerId(id) })
const other = instance({ container: containerId('ffff'), name: 'shop-web-2' })
const own: Own = {
  instances: [one, other],
  definitions: [],
  plain: [
    ['/services/web/h1:shop-web-1:3000', '172.18.0.3:3000'],
    ['/services/web/h1:shop-web-2:3000', '172.18.0.4:3000'],
  ],
  problems: [],
}
const wishes = (entries: Readonly<Record<string, unknown>>) =>
  wishesOf(
    prefix,
    new Map(
      Object.entries(entries).map(([key, value]) => [
        `${prefix}/wishes/${key}`,
        { value: JSON.stringify({ v: 1, value }), lease: '' },
      ]),
    ),
  )

test('a drained instance is draining, stands in no plain tree, and is said; others are the same objects', () => {
  const wish = wishing()
  const drained = wish(own, prefix, wishes({ [`drain/${subject}`]: true }))
  expect(drained.instances[0]).toEqual({ ...one, state: 'draining' })
  expect(drained.instances[1]).toBe(other)
  expect(drained.plain).toEqual([undefined, own.plain[1]])
  expect(drained.problems).toMatchObject([
    { severity: 'note', where: 'container shop-web-1', remedy: 'portolan undrain shop-web-1' },
  ])
  const again = wish({ ...own }, prefix, wishes({ [`drain/${subject}`]: true }))
  expect(again.instances[0]).toBe(drained.instances[0])
  expect(wish(own, prefix, noWishes)).toBe(own)
})

test('a weight is what was wished, and the state is left alone', () => {
  const weighed = wishing()(own, prefix, wishes({ [`weight/${subject}`]: 0 }))
  expect(weighed.instances[0]).toMatchObject({ weight: 0, state: 'ready' })
  expect(weighed.plain).toEqual(own.plain)
})

for (const state of ['starting', 'unhealthy', 'draining'] as const) {
  test(`${state} is no readier and no better for a wish to drain`, () => {
    const instances = [instance({ container: containerId(id), state })]
    const plain = { instances, definitions: [], plain: [undefined], problems: [] }
    const drained = wishing()(plain, prefix, wishes({ [`drain/${subject}`]: true }))
    expect(drained.instances).toEqual(instances)
  })
}

test('a wish that nobody can fulfil is a problem, one that is not wanted any more is none', () => {
  const read = wishes({
    [`drain/${subject}`]: false,
    'drain/h1/x/1': 3,
    'weight/h1/x/1': -1,
    'dance/h1/x/1': true,
  })
  expect(read.drained.size + read.weights.size).toBe(0)
  expect(read.problems.map(({ where }) => where)).toEqual([
    'key /portolan/wishes/drain/h1/x/1',
    'key /portolan/wishes/weight/h1/x/1',
    'key /portolan/wishes/dance/h1/x/1',
  ])
  const entry = { value: 'no JSON', lease: '' }
  // the catalog says so already, for all keys that can't be read
  expect(wishesOf(prefix, new Map([[`${prefix}/wishes/drain/a`, entry]])).problems).toEqual([])
})

/** A store with wishes about three containers: one runs, one is stopped, one is gone; and about another node. */
async function scene(stored: NodeRecord) {
  const stop = new AbortController()
  const store = embeddedStore()
  const value = JSON.stringify({ v: 1, value: true })
  const keys = ['drain/h1/aaaaaaaaaaaa/1', 'drain/h1/bbbbbbbbbbbb/1', 'drain/h1/cccccccccccc/1']
  const all = [...keys, 'weight/h1/cccccccccccc/1', 'drain/h2/cccccccccccc/1', 'drain/h1/odd/1']
  const put = all.map((key) => ({ kind: 'put', key: `${prefix}/wishes/${key}`, value }) as const)
  const node = { kind: 'put', key: `${prefix}/nodes/h1`, value: JSON.stringify(stored) } as const
  await store.apply([...put, node], {}, stop.signal)
  const mirror = createMirror({ store, prefix: `${prefix}/`, onError: () => {} })
  const following = wishesIn(mirror, prefix)
  const asked: string[] = []
  const options = {
    store,
    mirror,
    prefix,
    record: nodeRecord,
    runs: (container: string) => container.startsWith('a'),
    exists: async (container: string) => {
      asked.push(container)
      return container.startsWith('b')
    },
    onError: () => {},
    everyMs: 20,
  }
  const parts = [
    mirror.run(stop.signal),
    following.run(stop.signal),
    sweepWishes(options, stop.signal),
  ]
  return {
    asked,
    wishes: following.wishes,
    left: () =>
      [...mirror.entries.keys()].flatMap((key) => key.split('/wishes/')[1] ?? []).toSorted(),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.all(parts)
      await store[Symbol.asyncDispose]()
    },
  }
}

test('wishes about a container that is gone for good are removed, those about a stopped one stay', async () => {
  await using it = await scene(nodeRecord)
  await expect
    .poll(it.left)
    .toEqual([
      'drain/h1/aaaaaaaaaaaa/1',
      'drain/h1/bbbbbbbbbbbb/1',
      'drain/h1/odd/1',
      'drain/h2/cccccccccccc/1',
    ])
  expect(new Set(it.asked)).toEqual(new Set(['bbbbbbbbbbbb', 'cccccccccccc']))
  await expect.poll(() => it.wishes.current.drained.has('h1/cccccccccccc/1')).toBe(false)
})

test('nothing is removed while another machine has our name', async () => {
  await using it = await scene({ ...nodeRecord, engine: 'E2', session: 's2' })
  await expect.poll(() => it.left().length).toBe(6)
  await new Promise((resolve) => setTimeout(resolve, 150))
  expect(it.left()).toHaveLength(6)
  expect(it.asked).toEqual([])
})
