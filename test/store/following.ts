import { expect } from 'vitest'

import { createMirror, type Mirror } from '../../src/store/mirror.ts'
import type { Store } from '../../src/store/store.ts'
import { eventually } from './eventually.ts'

export const never = new AbortController().signal

/** A running mirror, what went wrong for it, and the keys that its follower was told of. */
export type Following = AsyncDisposable & {
  readonly mirror: Mirror
  readonly errors: unknown[]
  /** One set for each turn. */
  readonly turns: ReadonlySet<string>[]
}

/** Mirrors `prefix` until disposed of; resolves when it has been read once. */
export async function following(
  store: Pick<Store, 'list' | 'watch'>,
  prefix: string,
): Promise<Following> {
  const stop = new AbortController()
  const errors: unknown[] = []
  const turns: ReadonlySet<string>[] = []
  const mirror = createMirror({ store, prefix, onError: (error) => errors.push(error) })
  const collect = async () => {
    for await (const keys of mirror.follow(stop.signal)) turns.push(keys)
  }
  const running = Promise.all([mirror.run(stop.signal), collect()])
  await eventually(() => expect(turns.length).toBeGreaterThan(0))
  return {
    mirror,
    errors,
    turns,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

/** Waits until the mirror is what the store has now. */
export async function expectEqual(
  { mirror }: Following,
  store: Pick<Store, 'list'>,
  prefix: string,
): Promise<void> {
  const { entries } = await store.list(prefix, never)
  await eventually(() => expect(mirror.entries).toEqual(entries))
}

/** Puts `values` one after another, each in a transaction of its own. */
export async function putAll(store: Store, entries: Readonly<Record<string, string>>) {
  for (const [key, value] of Object.entries(entries)) {
    await store.apply([{ kind: 'put', key, value }], {}, never)
  }
}
