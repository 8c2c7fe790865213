import { randomUUID } from 'node:crypto'

import { expect, test } from 'vitest'

import type { Batch, Change, Store } from '../../src/store/store.ts'

const never = new AbortController().signal

/** A change that puts. */
export const put = (key: string, value: string): Change => ({ kind: 'put', key, value })
const remove = (key: string): Change => ({ kind: 'delete', key })

/** What every store must do. `open` gives the same store to all of the cases; each uses a prefix of its own. */
export function storeContract(open: () => Store): void {
  const fresh = () => ({ store: open(), prefix: `/${randomUUID()}/` })

  test('a list has what was put, and its revision is that of the last change', async () => {
    const { store, prefix } = fresh()
    expect((await store.list(prefix, never)).entries.size).toBe(0)
    const { applied, revision } = await store.apply([put(`${prefix}a`, '1')], {}, never)
    const snapshot = await store.list(prefix, never)
    expect(applied).toBe(true)
    expect(snapshot).toEqual({
      revision,
      entries: new Map([[`${prefix}a`, { value: '1', lease: '' }]]),
    })
  })

  test('a prefix is plain text: /a/ does not match /ab, nor text with other letters', async () => {
    const { store, prefix } = fresh()
    const keys = ['ä/', 'ä/ÿ', 'ä/\u{10ffff}', 'ä0', 'ä']
    await store.apply(
      keys.map((key) => put(prefix + key, 'x')),
      {},
      never,
    )
    const { entries } = await store.list(`${prefix}ä/`, never)
    expect([...entries.keys()].map((key) => key.slice(prefix.length)).toSorted()).toEqual([
      'ä/',
      'ä/ÿ',
      'ä/\u{10ffff}',
    ])
  })

  test('a transaction is one batch, with its edits in order', async () => {
    const { store, prefix } = fresh()
    const before = await store.apply([put(`${prefix}old`, '0')], {}, never)
    const changes = [put(`${prefix}b`, '2'), remove(`${prefix}old`), put(`${prefix}a`, '1')]
    const { revision } = await store.apply(changes, {}, never)
    const [batch] = await take(store, prefix, before.revision, 1)
    expect(batch).toEqual({
      revision,
      edits: [
        { kind: 'put', key: `${prefix}b`, entry: { value: '2', lease: '' } },
        { kind: 'delete', key: `${prefix}old` },
        { kind: 'put', key: `${prefix}a`, entry: { value: '1', lease: '' } },
      ],
    })
  })

  test('a watch has every batch after its revision once, those made before it too, and no others', async () => {
    const { store, prefix } = fresh()
    const { revision } = await store.list(prefix, never)
    const early = await store.apply([put(`${prefix}k`, 'early')], {}, never)
    const watching = take(store, prefix, revision, 3)
    await store.apply([put(`/elsewhere${prefix}`, 'x')], {}, never)
    const second = await store.apply([put(`${prefix}k`, 'second')], {}, never)
    const third = await store.apply([remove(`${prefix}k`)], {}, never)
    const batches = await watching
    expect(batches.map((batch) => batch.revision)).toEqual([
      early.revision,
      second.revision,
      third.revision,
    ])
  })

  test('a watch ends with its signal, without an error', async () => {
    const { store, prefix } = fresh()
    const stop = new AbortController()
    const { revision } = await store.list(prefix, never)
    setTimeout(() => stop.abort(), 50)
    const seen: Batch[] = []
    for await (const batch of store.watch(prefix, revision, stop.signal)) seen.push(batch)
    expect(seen).toEqual([])
  })

  test('a watch from a revision that the store has not reached is a doubt', async () => {
    const { store, prefix } = fresh()
    const { revision } = await store.list(prefix, never)
    await expect(take(store, prefix, revision + 1000, 1)).rejects.toMatchObject({
      code: 'store-down',
    })
  })

  test('deleting what is not there changes nothing', async () => {
    const { store, prefix } = fresh()
    const { revision } = await store.apply([put(`${prefix}a`, '1')], {}, never)
    expect(await store.apply([remove(`${prefix}b`)], {}, never)).toEqual({
      applied: true,
      revision,
    })
  })

  test('nothing is changed when a guard does not hold', async () => {
    const { store, prefix } = fresh()
    const key = `${prefix}a`
    const absent = { guards: [{ key, value: undefined }] }
    expect(await store.apply([put(key, '1')], absent, never)).toMatchObject({ applied: true })
    expect(await store.apply([put(key, '2')], absent, never)).toMatchObject({ applied: false })
    const wrong = { guards: [{ key, value: '2' }] }
    expect(await store.apply([remove(key)], wrong, never)).toMatchObject({ applied: false })
    const right = { guards: [{ key, value: '1' }] }
    expect(await store.apply([put(key, '3')], right, never)).toMatchObject({ applied: true })
    expect((await store.list(prefix, never)).entries.get(key)?.value).toBe('3')
  })

  test('more than 100 changes, or a key twice, are refused', async () => {
    const { store, prefix } = fresh()
    const many = Array.from({ length: 101 }, (_, index) => put(`${prefix}${index}`, 'x'))
    const twice = [put(`${prefix}a`, '1'), put(`${prefix}a`, '2')]
    for (const changes of [many, twice]) {
      await expect(store.apply(changes, {}, never)).rejects.toMatchObject({ code: 'store-refused' })
    }
    expect((await store.list(prefix, never)).entries.size).toBe(0)
    expect(await store.apply(many.slice(1), {}, never)).toMatchObject({ applied: true })
  })

  test('a call whose signal has aborted does nothing', async () => {
    const { store, prefix } = fresh()
    const late = store.apply([put(`${prefix}a`, '1')], {}, AbortSignal.abort())
    await expect(late).rejects.toMatchObject({ name: 'AbortError' })
    expect((await store.list(prefix, never)).entries.size).toBe(0)
  })
}

/** The first `count` batches after `after`. */
export async function take(
  store: Store,
  prefix: string,
  after: number,
  count: number,
): Promise<Batch[]> {
  const stop = new AbortController()
  const batches: Batch[] = []
  for await (const batch of store.watch(prefix, after, stop.signal)) {
    batches.push(batch)
    if (batches.length === count) stop.abort()
  }
  return batches
}
