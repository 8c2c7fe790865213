import { expect, test } from 'vitest'

import { embeddedStore } from '../../src/store/embedded.ts'
import { leaseContract } from './contract-leases.ts'
import { storeContract, take } from './contract.ts'

const never = new AbortController().signal

const shared = embeddedStore()
storeContract(() => shared)
leaseContract(() => shared)

test('a watch that lags behind more than is kept is told so', async () => {
  await using store = embeddedStore({ keep: 10 })
  const { revision } = await store.list('/', never)
  for (let step = 0; step < 30; step++) {
    await store.apply([{ kind: 'put', key: '/a', value: String(step) }], {}, never)
  }
  await expect(take(store, '/', revision, 1)).rejects.toMatchObject({ code: 'compacted' })
  expect(await take(store, '/', revision + 20, 10)).toHaveLength(10)
})

test('a change among 10,000 keys costs well below a millisecond', async () => {
  await using store = embeddedStore()
  for (let step = 0; step < 10_000; step += 100) {
    const changes = Array.from({ length: 100 }, (_, index) => ({
      kind: 'put' as const,
      key: `/k/${step + index}`,
      value: 'x'.repeat(300),
    }))
    await store.apply(changes, {}, never)
  }
  const started = performance.now()
  for (let step = 0; step < 2000; step++) {
    await store.apply([{ kind: 'put', key: `/k/${step}`, value: String(step) }], {}, never)
  }
  expect((performance.now() - started) / 2000).toBeLessThan(0.3)
})

test('a store that was disposed of ends its watches and refuses calls', async () => {
  const store = embeddedStore()
  const { revision } = await store.list('/', never)
  const watching = take(store, '/', revision, 1)
  await store[Symbol.asyncDispose]()
  await expect(watching).rejects.toMatchObject({ code: 'store-down' })
  await expect(store.list('/', never)).rejects.toMatchObject({ code: 'store-down' })
})
