import { expect, test } from 'vitest'

import { anyChange, both, derive, live, until } from '../../src/core/live.ts'

test('a slow reader sees the newest value, not every value', async () => {
  const value = live(0)
  const seen: number[] = []
  for await (const n of value.changes(AbortSignal.timeout(1000))) {
    seen.push(n)
    if (n === 3) break
    value.set(1)
    value.set(2)
    value.set(3)
  }
  expect(seen).toEqual([0, 3])
})

test('changes() ends when the signal aborts', async () => {
  const stop = new AbortController()
  const value = live('a')
  setImmediate(() => stop.abort())
  expect(await Array.fromAsync(value.changes(stop.signal))).toEqual(['a'])
})

test('a derived value is computed once per change and can hold still', () => {
  const source = live(1)
  let runs = 0
  const parity = derive(source, (n) => {
    runs++
    return n % 2 ? 'odd' : 'even'
  })
  expect([parity.current, parity.current, runs]).toEqual(['odd', 'odd', 1])
  source.set(3)
  expect(parity.current).toBe('odd')
  source.set(4)
  expect([parity.current, runs]).toEqual(['even', 3])
})

test('readers of a derived value are not woken while it holds still', async () => {
  const stop = new AbortController()
  const source = live(1)
  const parity = derive(source, (n) => n % 2)
  const seen: number[] = []
  const reading = (async () => {
    for await (const n of parity.changes(stop.signal)) seen.push(n)
  })()
  for (const n of [1, 3, 5, 6, 8]) {
    source.set(n)
    await new Promise(setImmediate)
  }
  stop.abort()
  await reading
  expect(seen).toEqual([1, 0])
})

test('anyChange wakes for each of its sources', async () => {
  const stop = new AbortController()
  const [a, b] = [live(0), live(0)]
  let wakes = 0
  const reading = (async () => {
    for await (const _ of anyChange([a, b], stop.signal)) wakes++
  })()
  await new Promise(setImmediate)
  const before = wakes
  b.set(1)
  await new Promise(setImmediate)
  expect(wakes).toBe(before + 1)
  stop.abort()
  await reading
})

test('until resolves with the value that is wanted, and rejects when stopped before', async () => {
  const value = live<number | undefined>(undefined)
  const known = (n: number | undefined): n is number => n !== undefined
  setImmediate(() => value.set(7))
  expect(await until(value, known, AbortSignal.timeout(1000))).toBe(7)
  await expect(
    until(live<number | undefined>(undefined), known, AbortSignal.abort()),
  ).rejects.toThrow()
})

test('a pair is new when either of the two is, and each of its readers may go', async () => {
  const [a, b] = [live(1), live('x')]
  const pair = both(a, b)
  expect(pair.current).toBe(pair.current)
  b.set('y')
  expect(pair.current).toEqual([1, 'y'])
  const stop = new AbortController()
  for await (const [number] of pair.changes(stop.signal)) {
    if (number === 3) break
    a.set(3)
  }
  const seen: unknown[] = []
  for await (const value of pair.changes(stop.signal)) {
    seen.push(value)
    stop.abort()
  }
  expect(seen).toEqual([[3, 'y']])
})
