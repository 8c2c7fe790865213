import { expect, test } from 'vitest'

import { reconciler } from '../../src/core/reconcile.ts'
import { backoffMs, sleep, untilSuccess } from '../../src/core/retry.ts'

test('pokes during a pass cost one more pass, not one each', async () => {
  const stop = new AbortController()
  let passes = 0
  const loop = reconciler({
    everyMs: 60_000,
    onError: (error) => expect(error).toBeUndefined(),
    async pass() {
      passes++
      if (passes === 1) for (let i = 0; i < 100; i++) loop.poke()
      else stop.abort()
    },
  })
  await loop.run(stop.signal)
  expect(passes).toBe(2)
})

test('a failed pass is reported once and tried again', async () => {
  const stop = new AbortController()
  const retries: number[] = []
  let passes = 0
  const loop = reconciler({
    everyMs: 60_000,
    onError: (_, retryInMs) => retries.push(retryInMs),
    async pass() {
      if (++passes === 1) throw new Error('docker is away')
      stop.abort()
    },
  })
  await loop.run(stop.signal)
  expect(retries).toHaveLength(1)
  expect(retries[0]).toBeLessThanOrEqual(100)
})

test('without a poke a pass still comes', async () => {
  const stop = new AbortController()
  let passes = 0
  const loop = reconciler({
    everyMs: 5,
    onError: (error) => expect(error).toBeUndefined(),
    async pass() {
      if (++passes === 3) stop.abort()
    },
  })
  await loop.run(stop.signal)
  expect(passes).toBe(3)
})

test('pauses double up to a limit and differ by chance', () => {
  for (const [failures, full] of [
    [0, 100],
    [1, 200],
    [5, 3200],
    [9, 30_000],
    [1000, 30_000],
  ] as const) {
    const pause = backoffMs(failures)
    expect(pause).toBeGreaterThanOrEqual(full * 0.8 - 1)
    expect(pause).toBeLessThanOrEqual(full)
  }
  expect(new Set(Array.from({ length: 50 }, () => backoffMs(9))).size).toBeGreaterThan(1)
})

test('untilSuccess gives the first result, and rejects only when stopped', async () => {
  let tries = 0
  const step = async () => {
    if (++tries < 3) throw new Error('not yet')
    return tries
  }
  const quick = { firstMs: 1 }
  expect(await untilSuccess(step, () => {}, AbortSignal.timeout(1000), quick)).toBe(3)
  const never = untilSuccess(
    () => Promise.reject(new Error('no')),
    () => {},
    AbortSignal.timeout(20),
    quick,
  )
  await expect(never).rejects.toThrow()
})

test('sleep ends early, without an error, when stopped', async () => {
  const started = performance.now()
  await sleep(10_000, AbortSignal.timeout(10))
  expect(performance.now() - started).toBeLessThan(5000)
})
