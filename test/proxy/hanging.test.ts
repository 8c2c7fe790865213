import { execFileSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { pulse, watching } from '../../src/proxy/control/watchdog.ts'
import { bed, catalogOf, instance, named, pause } from './bed.ts'
import { inside } from './inside.ts'
import { startedThreads } from './threads.ts'

const endless = 'for (;;);'

for (const workers of [1, 2]) {
  test(`of ${workers}: a worker that hangs makes way for another one`, async () => {
    using started = startedThreads()
    await using service = await named('ok')
    await using proxy = await bed({ workers, hangMs: 4000 })
    proxy.catalog.set(catalogOf([instance({ port: service.port })]))
    expect((await proxy.get()).body).toBe('ok')
    using newest = await inside()
    await newest.begin(endless)
    const metrics = () => proxy.registry.metrics()
    // looks that come late, as on a machine that has too much to do, are left out
    await expect.poll(metrics, { timeout: 120_000 }).toMatch(/portolan_worker_hangs_total 1\n/)
    await expect.poll(metrics).toMatch(new RegExp(`portolan_workers ${workers}\n`))
    // whoever hung is no more, so that nobody waits for it any more
    await expect.poll(() => started.threads.map(({ threadId }) => threadId)).toContain(-1)
    const answers = await Promise.all(Array.from({ length: 20 }, () => proxy.get()))
    expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(['ok']))
    expect(started.threads).toHaveLength(workers + 1)
    // an answer is counted when the client may have it already
    await expect.poll(metrics).toMatch(/portolan_http_in_flight\{entrypoint="http"\} 0\n/)
    expect(await metrics()).toMatch(/portolan_worker_crashes_total 0\n/)
    expect(proxy.problems()).toEqual([])
  }, 180_000)
}

test('nobody gets the counters of one that hangs in a call of the system', async () => {
  using started = startedThreads()
  await using folder = await mkdtempDisposable(join(tmpdir(), 'portolan-hanging-'))
  const pipe = join(folder.path, 'pipe')
  execFileSync('mkfifo', [pipe])
  await using proxy = await bed({ hangMs: 4000 })
  proxy.catalog.set(catalogOf([]))
  const seat = "process.getBuiltinModule('node:worker_threads').workerData.seat"
  using newest = await inside()
  expect(await newest.evaluate(seat)).toBe(0)
  // with a writer there it moves on, and ends
  using _ = { [Symbol.dispose]: () => closeSync(openSync(pipe, 'r+')) }
  // the second one ends before it can listen
  process.once('worker', (second) => void second.terminate())
  await newest.begin(`process.getBuiltinModule('node:fs').openSync(${JSON.stringify(pipe)}, 'r')`)
  await expect.poll(() => started.threads.length, { timeout: 120_000 }).toBe(3)
  const metrics = () => proxy.registry.metrics()
  await expect.poll(metrics, { timeout: 60_000 }).toMatch(/portolan_workers 1\n/)
  expect(await newest.evaluate(seat)).toBe(1)
}, 180_000)

test('a worker that is busy for less than that is left alone', async () => {
  using started = startedThreads()
  await using proxy = await bed({ hangMs: 20_000 })
  proxy.catalog.set(catalogOf([]))
  using newest = await inside()
  await newest.begin('for (const end = Date.now() + 3000; Date.now() < end;);')
  expect((await proxy.get()).status).toBe(404)
  expect(started.threads).toHaveLength(1)
  expect(await proxy.registry.metrics()).toMatch(/portolan_worker_hangs_total 0\n/)
})

test('an event loop hangs that has not moved for ten looks, once it has begun', () => {
  let beats = 0
  const isStill = pulse(() => beats)
  const looks = (count: number) => Array.from({ length: count }, isStill)
  expect(looks(100)).not.toContain(true)
  beats = 1
  expect(looks(10)).not.toContain(true)
  beats = 2
  expect(looks(10)).not.toContain(true)
  expect(looks(1)).toEqual([true])
})

test('a look that comes late is left out', async () => {
  const stop = new AbortController()
  let looks = 0
  const running = watching(500, () => looks++, stop.signal)
  await expect.poll(() => looks).toBeGreaterThan(0)
  const before = looks
  // this thread does nothing for as long as a machine that is suspended
  for (let count = 0; count < 5; count++) {
    const end = performance.now() + 200
    while (performance.now() < end);
    await new Promise(setImmediate)
  }
  expect(looks - before).toBeLessThan(5)
  stop.abort()
  await pause(0)
  await running
})
