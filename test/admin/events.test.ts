import { setTimeout as pause } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { startAdmin } from './start.ts'

/** Reads events until `signal` aborts or the server ends; counts them as they come. */
async function follow(url: string, signal: AbortSignal, seen: { count: number }): Promise<void> {
  const response = await fetch(`${url}/v1/events`, { signal })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  for await (const piece of response.body ?? []) {
    seen.count += Buffer.from(piece).toString().split('event: change').length - 1
  }
}

async function eventually(check: () => boolean): Promise<void> {
  const end = performance.now() + 3000
  while (!check() && performance.now() < end) await pause(10)
  expect(check()).toBe(true)
}

test('each change is an event, and a burst of changes is few', async () => {
  await using admin = await startAdmin()
  const seen = { count: 0 }
  const stop = new AbortController()
  const following = follow(admin.url, stop.signal, seen).catch(() => 'stopped')
  await eventually(() => seen.count >= 1)
  await pause(300)
  const before = seen.count
  admin.world.set({ ...admin.world.current })
  await eventually(() => seen.count === before + 1)
  for (let i = 0; i < 100; i++) {
    admin.world.set({ ...admin.world.current })
    await pause(2)
  }
  await pause(600)
  expect(seen.count).toBeGreaterThan(before + 1)
  expect(seen.count).toBeLessThan(before + 6)
  stop.abort()
  expect(await following).toBe('stopped')
})

test('one hundred may listen, the next one is told to go', async () => {
  await using admin = await startAdmin()
  const stop = new AbortController()
  const listen = () => fetch(`${admin.url}/v1/events`, { signal: stop.signal })
  const answers = await Promise.all(Array.from({ length: 100 }, listen))
  expect(answers.every(({ status }) => status === 200)).toBe(true)
  const late = await listen()
  expect([late.status, await late.json()]).toEqual([503, { error: 'too many readers of events' }])
  stop.abort()
  // those who went make room
  await pause(100)
  expect(
    (await fetch(`${admin.url}/v1/events`, { method: 'GET', signal: AbortSignal.timeout(2000) }))
      .status,
  ).toBe(200)
})

test('the end of the server ends the streams at once', async () => {
  const admin = await startAdmin()
  const seen = { count: 0 }
  const following = follow(admin.url, AbortSignal.timeout(5000), seen)
  await eventually(() => seen.count >= 1)
  const started = performance.now()
  await admin[Symbol.asyncDispose]()
  await following
  expect(performance.now() - started).toBeLessThan(1000)
})
