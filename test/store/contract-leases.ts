import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'

import { expect, test } from 'vitest'

import type { Store } from '../../src/store/store.ts'
import { put, take } from './contract.ts'

const never = new AbortController().signal

/** What every store must do with leases; `open` is as in `storeContract`. */
export function leaseContract(open: () => Store): void {
  const fresh = () => ({ store: open(), prefix: `/${randomUUID()}/` })

  test('entries hang on their lease, and vanish with it in one batch', async () => {
    const { store, prefix } = fresh()
    const lease = await store.grant(60, never)
    const changes = [put(`${prefix}a`, '1'), put(`${prefix}b`, '2')]
    const { revision } = await store.apply(changes, { lease: lease.id }, never)
    await store.apply([put(`${prefix}stays`, '3')], {}, never)
    const { entries } = await store.list(prefix, never)
    expect(entries.get(`${prefix}a`)).toEqual({ value: '1', lease: lease.id })
    await store.revoke(lease.id, never)
    const [, end] = await take(store, prefix, revision, 2)
    expect(end?.edits.map(({ kind, key }) => `${kind} ${key}`).toSorted()).toEqual([
      `delete ${prefix}a`,
      `delete ${prefix}b`,
    ])
  })

  test('an entry that was put again under another lease outlives the first', async () => {
    const { store, prefix } = fresh()
    const [first, second] = [await store.grant(60, never), await store.grant(60, never)]
    await store.apply([put(`${prefix}a`, '1')], { lease: first.id }, never)
    await store.apply([put(`${prefix}a`, '1')], { lease: second.id }, never)
    await store.revoke(first.id, never)
    const { entries } = await store.list(prefix, never)
    expect(entries.get(`${prefix}a`)?.lease).toBe(second.id)
    await store.revoke(second.id, never)
  })

  test('a lease that is kept alive stays, and one that is not ends', async () => {
    const { store, prefix } = fresh()
    const [kept, left] = [await store.grant(2, never), await store.grant(2, never)]
    await store.apply([put(`${prefix}kept`, '1')], { lease: kept.id }, never)
    await store.apply([put(`${prefix}left`, '1')], { lease: left.id }, never)
    for (let step = 0; step < 5; step++) {
      expect(await store.keepAlive(kept.id, never)).toBeGreaterThan(0)
      await pause(600)
    }
    const { entries } = await store.list(prefix, never)
    expect([...entries.keys()]).toEqual([`${prefix}kept`])
    expect(await store.keepAlive(left.id, never)).toBe(0)
    await store.revoke(kept.id, never)
  })

  test('a lease that has ended takes no puts, and may be revoked again', async () => {
    const { store, prefix } = fresh()
    const lease = await store.grant(60, never)
    await store.revoke(lease.id, never)
    await store.revoke(lease.id, never)
    const late = store.apply([put(`${prefix}a`, '1')], { lease: lease.id }, never)
    await expect(late).rejects.toMatchObject({ code: 'store-refused' })
    expect((await store.list(prefix, never)).entries.size).toBe(0)
  })
}
