import { setImmediate } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { collectGarbage } from '../../src/core/garbage.ts'

test('what nothing refers to is gone', async () => {
  const kept = { name: 'kept' }
  const refs = [new WeakRef<object>(kept), ...Array.from({ length: 3 }, () => new WeakRef({}))]
  // a reference holds at least until the end of the turn in which it was made
  await setImmediate()
  collectGarbage()
  expect(refs.map((ref) => ref.deref())).toEqual([kept, undefined, undefined, undefined])
})
