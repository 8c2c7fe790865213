import { expect, test } from 'vitest'

import { live } from '../../src/core/live.ts'
import { createLog } from '../../src/core/log.ts'
import { sleep } from '../../src/core/retry.ts'
import type { Container } from '../../src/docker/docker.ts'
import { type Own, ownInstances } from '../../src/registrator/own.ts'
import { createRegistrator } from '../../src/registrator/registrator.ts'
import { embeddedStore } from '../../src/store/embedded.ts'
import { createMirror } from '../../src/store/mirror.ts'
import { createSession } from '../../src/store/session.ts'
import type { Change, Store } from '../../src/store/store.ts'
import { containerId } from '../core/samples.ts'
import { container, nodeRecord, settings } from './containers.ts'

/*
 * Our keys and the plain tree are two watches, and either may lag behind the other by any time.
 */

const engine = { id: 'E1', name: 'h1', version: '', apiVersion: '', kind: 'native' } as const
const web = container({ id: containerId('abc123def456'), name: 'web' })
const plainKey = '/services/web/h1:web:3000'
const instanceKey = '/portolan/instances/h1/abc123def456/3000'

/** A registrator that hears of each batch under a prefix so many ms late. */
function scene(lateMs: Readonly<Record<'/portolan/' | '/services/', number>>) {
  const stop = new AbortController()
  const { signal } = stop
  const store = embeddedStore()
  const written: Change[] = []
  const recording: Store = {
    ...store,
    async apply(changes, options, until) {
      written.push(...changes)
      return store.apply(changes, options, until)
    },
  }
  const mirrorOf = (prefix: '/portolan/' | '/services/') => {
    const late: Pick<Store, 'list' | 'watch'> = {
      ...store,
      async *watch(...args) {
        for await (const batch of store.watch(...args)) {
          await sleep(lateMs[prefix], signal)
          yield batch
        }
      },
    }
    return createMirror({ store: late, prefix, onError: () => {} })
  }
  const [mirror, plain] = [mirrorOf('/portolan/'), mirrorOf('/services/')]
  const session = createSession({ store, ttlSeconds: 5, onError: () => {} })
  const own = live<Own | undefined>(undefined)
  const registrator = createRegistrator({
    store: recording,
    session,
    mirror,
    plain,
    prefix: '/portolan',
    record: nodeRecord,
    own,
    log: createLog({ level: 'silent', format: 'json' }),
    report: () => {},
  })
  const runs = [session, mirror, plain, registrator].map((one) => one.run(signal))
  const toOwn = ownInstances({
    ...settings,
    plainPrefix: '/services',
    plainAddress: 'internal',
    advertise: '',
  })
  return {
    store,
    seen: (key: string) => mirror.entries.has(key),
    run(...list: Container[]) {
      const byId = new Map(list.map((one) => [one.id, one]))
      own.set(toOwn({ kind: 'known', engine, byId, self: undefined }))
    },
    writesOf: (key: string) => written.filter((one) => one.key === key).length,
    entries: async () => (await store.list('/', signal)).entries,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.all(runs)
      await store[Symbol.asyncDispose]()
    },
  }
}

const becomes = (read: () => Promise<unknown>, wanted: unknown) =>
  expect.poll(read, { timeout: 20_000, interval: 10 }).toEqual(wanted)

for (const [late, lateMs] of [
  ['the plain tree', { '/portolan/': 0, '/services/': 400 }],
  ['our own keys', { '/portolan/': 400, '/services/': 0 }],
] as const) {
  test(`${late} may be told of late: each entry is written once all the same`, async () => {
    await using one = scene(lateMs)
    one.run(web)
    await becomes(async () => (await one.entries()).size, 3)
    // a second pass right behind the first
    one.run(web, container({ id: containerId('fff'), name: 'more' }))
    await becomes(async () => (await one.entries()).size, 5)
    await sleep(900, new AbortController().signal)
    expect([plainKey, instanceKey].map(one.writesOf)).toEqual([1, 1])
  })
}

test('what turns up again on a lease that was ours, as after a restore, is ours too', async () => {
  await using one = scene({ '/portolan/': 0, '/services/': 0 })
  const signal = AbortSignal.timeout(20_000)
  const before = await one.store.grant(60, signal)
  const put = (key: string) =>
    one.store.apply([{ kind: 'put', key, value: 'before' }], { lease: before.id }, signal)
  // of an earlier run
  for (const key of [instanceKey, plainKey]) await put(key)
  await becomes(async () => one.seen(instanceKey), true)
  one.run(web)
  const leases = async () => [...(await one.entries()).values()].map(({ lease }) => lease)
  await becomes(async () => new Set(await leases()).has(before.id), false)
  for (const key of [plainKey, '/services/web/h1:gone:3000']) await put(key)
  await becomes(async () => (await one.entries()).get(plainKey)?.value, '172.18.0.3:3000')
  await becomes(async () => [...(await one.entries()).keys()].length, 3)
  expect(new Set(await leases()).has(before.id)).toBe(false)
})
