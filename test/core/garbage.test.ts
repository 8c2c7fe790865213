import { execFile } from 'node:child_process'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'

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

/** Prints by how many bytes the heap of a process falls that leaves `garbage` behind and is idle: within 30 s, or 2. */
const leavesGarbage = `
import { getHeapStatistics } from 'node:v8'
import { collectWhenIdle } from './src/core/garbage.ts'
const size = () => getHeapStatistics().total_heap_size
const collects = process.argv[1] === 'collect'
if (collects) collectWhenIdle(200)
let garbage = Array.from({ length: 1_000_000 }, () => ({}))
const before = size()
garbage = []
let looks = collects ? 300 : 20
const timer = setInterval(() => {
  if (before - size() < 8_000_000 && --looks > 0) return
  console.log(before - size())
  clearInterval(timer)
}, 100)
`

async function fallen(how: 'collect' | 'wait'): Promise<number> {
  const flags = ['--no-memory-reducer', '--input-type=module', '-e', leavesGarbage, how]
  const { stdout } = await promisify(execFile)(process.execPath, flags)
  return Number(stdout)
}

test('a thread that is idle gives back what it does not need any more', async () => {
  expect(await fallen('wait')).toBeLessThan(8_000_000)
  expect(await fallen('collect')).toBeGreaterThanOrEqual(8_000_000)
}, 120_000)
