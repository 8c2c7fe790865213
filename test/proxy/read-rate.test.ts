import { once } from 'node:events'

import { expect, test } from 'vitest'

import { ReadRate } from '../../src/proxy/exchange/read-rate.ts'
import { backend, catalogOf, instance } from './bed.ts'
import { host, routes, secured } from './http2/client.ts'

const limitMs = 120_000
const window = 16 * 1024
/** 60,000 bytes in each of these are the least. */
const idleMs = 1000

/** Asks a client that has `steps`: when, all that was written by then, and what of it waits. */
function judged(steps: readonly (readonly [nowMs: number, sent: number, waiting: number])[]) {
  const rate = new ReadRate()
  return steps.map(([nowMs, sent, waiting]) => rate.isTooSlow(sent, waiting, nowMs, idleMs))
}

test('a client for which nothing waits is never too slow', () => {
  expect(
    judged([
      [0, 0, 0],
      [100_000, 10, 0],
      [200_000, 10, 0],
    ]),
  ).toEqual([false, false, false])
})

test('time counts from when bytes began to wait, anew whenever all have gone', () => {
  expect(
    judged([
      [0, 1000, 0],
      [50_000, 2000, 1000],
      [50_900, 2000, 1000],
      [51_000, 2000, 0],
      [51_100, 3000, 1000],
      [52_000, 3000, 1000],
      [52_200, 3000, 1000],
    ]),
  ).toEqual([false, false, false, false, false, false, true])
})

test('more bytes that wait may take longer, since some of them may have gone', () => {
  const steps = [0, 1100, 1900, 2100].map((nowMs) => [nowMs, 120_000, 120_000] as const)
  expect(judged(steps)).toEqual([false, false, false, true])
})

test('who takes enough has a new time', () => {
  expect(
    judged([
      [0, 100_000, 100_000],
      [1100, 200_000, 100_000],
      [2100, 200_000, 100_000],
      [2300, 200_000, 100_000],
      [2800, 200_000, 100_000],
    ]),
  ).toEqual([false, false, false, false, true])
})

/** Takes an answer at so many bytes a second; gives how many came until it ended. */
async function taken(at: Awaited<ReturnType<typeof secured>>, bytesPerSecond: number) {
  const stream = at.session(window).request({ ':path': '/', ':authority': host })
  const closed = Promise.withResolvers<void>()
  stream.on('error', () => {})
  stream.on('close', () => closed.resolve())
  await once(stream, 'response')
  const beganMs = performance.now()
  let bytes = 0
  stream.on('data', (piece: Buffer) => {
    bytes += piece.length
    const aheadMs = (bytes / bytesPerSecond) * 1000 - (performance.now() - beganMs)
    if (aheadMs <= 0) return
    stream.pause()
    setTimeout(() => stream.resume(), aheadMs)
  })
  await closed.promise
  return bytes
}

test(
  'a client that needs longer than the idle time for what waits has all of the answer, if it is quick enough',
  async () => {
    const size = 500_000
    await using service = await backend((_, response) => response.end(Buffer.alloc(size)))
    await using at = await secured({ idleMs: 2000 })
    at.catalog.set(catalogOf([instance({ port: service.port, routes })]))
    // what waits is more than 64 KiB, for more than 2 s
    expect(await taken(at, 50_000)).toBe(size)
  },
  limitMs,
)

test(
  'one that takes less than the least is cut, and the endpoint let go',
  async () => {
    await using service = await backend((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(window)));
      }
      response.on('drain', more)
      more()
    })
    await using at = await secured({ idleMs: 500 })
    at.catalog.set(catalogOf([instance({ port: service.port, routes })]))
    expect(await taken(at, 2000)).toBeLessThan(1_000_000)
    await expect.poll(() => service.sockets.size, { timeout: 30_000 }).toBe(0)
  },
  limitMs,
)
