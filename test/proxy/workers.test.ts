import { createServer } from 'node:net'

import { expect, test } from 'vitest'

import type { Problem } from '../../src/core/problems.ts'
import { ask, backend, bed, catalogOf, instance, named, pause } from './bed.ts'
import { startedThreads } from './threads.ts'

/** Answers nobody before it is told to. */
async function patient() {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  let waiting = 0
  const service = await backend((_, response) => {
    waiting++
    void released.then(() => response.end('late'))
  })
  return { ...service, waiting: () => waiting, release }
}

test('requests are counted exactly, whichever worker has them', async () => {
  await using service = await named('ok')
  await using proxy = await bed({ workers: 3 })
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const asked = Array.from({ length: 150 }, (_, at) =>
    proxy.get('/', at % 3 === 0 ? { host: 'unknown.test' } : {}),
  )
  const statuses = (await Promise.all(asked)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 200)).toHaveLength(100)
  const metrics = () => proxy.registry.metrics()
  await expect.poll(metrics).toMatch(/requests_total\{.*service="shop\/web",code="2xx"\} 100\n/)
  await expect.poll(metrics).toMatch(/requests_total\{.*service="-",code="4xx"\} 50\n/)
  const text = await metrics()
  expect(text).toMatch(/request_seconds_count\{.*service="shop\/web"\} 100\n/)
  expect(text).toMatch(/request_seconds_bucket\{.*service="shop\/web",le="\+Inf"\} 100\n/)
  expect(text).toMatch(/portolan_http_in_flight\{entrypoint="http"\} 0\n/)
  expect(text).toMatch(/portolan_workers 3\n/)
})

test('a worker that ends takes its own requests along, and another one is in its place', async () => {
  using started = startedThreads()
  await using service = await patient()
  await using proxy = await bed({ workers: 2 })
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const running = Array.from({ length: 40 }, () => proxy.get())
  const settled = Promise.allSettled(running)
  await expect.poll(service.waiting).toBe(40)
  expect(started.threads).toHaveLength(2)
  await started.threads[0]?.terminate()
  await expect.poll(() => proxy.registry.metrics()).toMatch(/portolan_worker_crashes_total 1\n/)
  service.release()
  const results = await settled
  const whole = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value.body] : []))
  // that all connections were of the same worker happens once in 2^39 times
  expect(whole.length).toBeGreaterThan(0)
  expect(whole.length).toBeLessThan(40)
  expect(new Set(whole)).toEqual(new Set(['late']))
  const metrics = () => proxy.registry.metrics()
  await expect.poll(metrics).toMatch(/portolan_workers 2\n/)
  await expect.poll(metrics).toMatch(new RegExp(`code="2xx"\\} ${whole.length}\n`))
  expect(await metrics()).toMatch(/portolan_http_in_flight\{entrypoint="http"\} 0\n/)
  expect(started.threads).toHaveLength(3)
})

test('a new worker answers nobody before it knows the routes', async () => {
  using started = startedThreads()
  await using service = await named('ok')
  await using proxy = await bed({ workers: 2 })
  const many = Array.from({ length: 500 }, (_, at) =>
    instance({ rule: `Host(\`h${at}\`)`, service: `s${at}`, port: service.port }),
  )
  proxy.catalog.set(catalogOf(many))
  expect((await proxy.get('/', { host: 'h499' })).status).toBe(200)
  const failures: (number | undefined)[] = []
  const ended = new AbortController()
  const asking = Array.from({ length: 4 }, async () => {
    while (!ended.signal.aborted) {
      const answer = await proxy.get('/', { host: 'h499' }).catch(() => undefined)
      if (answer && answer.status !== 200) failures.push(answer.status)
    }
  })
  for (const at of [0, 1]) {
    await started.threads[at]?.terminate()
    const crashes = new RegExp(`worker_crashes_total ${at + 1}\n`)
    await expect.poll(() => proxy.registry.metrics()).toMatch(crashes)
    await expect.poll(() => proxy.registry.metrics()).toMatch(/portolan_workers 2\n/)
    expect((await proxy.get('/', { host: 'h499' })).status).toBe(200)
  }
  ended.abort()
  await Promise.all(asking)
  expect(failures).toEqual([])
})

test('the end of a worker is a problem until there is another one', async () => {
  using started = startedThreads()
  const seen: string[] = []
  let last = 0
  const report = (list: readonly Problem[]) => {
    last = list.length
    seen.push(...list.map(({ where, what }) => `${where}: ${what}`))
  }
  await using proxy = await bed({ workers: 1, report })
  await started.threads[0]?.terminate()
  await expect.poll(() => proxy.registry.metrics()).toMatch(/portolan_workers 1\n/)
  await expect.poll(() => [seen.length, last]).toEqual([1, 0])
  expect(seen[0]).toMatch(/^worker 1: it has ended: the thread ended with code 1/)
  proxy.catalog.set(catalogOf([]))
  expect((await proxy.get()).status).toBe(404)
})

test('a new worker knows which routes lost their last endpoint, and holds their requests', async () => {
  using started = startedThreads()
  await using before = await named('before')
  await using after = await named('after')
  await using proxy = await bed({ workers: 1, holdMs: 60_000 })
  const stays = { service: 'other', rule: 'Host(`other.test`)' }
  const mine = (state: 'ready' | 'unhealthy') => [
    instance({ port: before.port }),
    instance({ ...stays, port: before.port, state }),
  ]
  proxy.catalog.set(catalogOf(mine('ready')))
  expect((await proxy.get()).body).toBe('before')
  // one that is gone altogether, and one that is still in the table
  proxy.catalog.set(catalogOf(mine('unhealthy').slice(1)))
  expect(proxy.proxy.routes()).toHaveLength(1)
  await started.threads[0]?.terminate()
  const metrics = () => proxy.registry.metrics()
  await expect.poll(metrics).toMatch(/portolan_worker_crashes_total 1\n/)
  await expect.poll(metrics).toMatch(/portolan_workers 1\n/)
  const waiting = [proxy.get(), proxy.get('/', { host: 'other.test' })]
  await expect.poll(metrics).toMatch(/portolan_http_held 2\n/)
  const container = 'b'.repeat(64)
  proxy.catalog.set(
    catalogOf([
      instance({ port: after.port, container }),
      instance({ ...stays, port: after.port, container }),
    ]),
  )
  expect((await Promise.all(waiting)).map(({ body }) => body)).toEqual(['after', 'after'])
})

test('a port that another program shares is refused like any that is taken', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => {
    other.listen({ host: '127.0.0.1', port: 0, reusePort: true }, resolve)
  })
  const address = other.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const listeners = [{ entrypoint: 'http', host: '127.0.0.1', port }]
  await expect(bed({ workers: 2, listeners })).rejects.toMatchObject({
    code: 'listen',
    message: expect.stringContaining(`--http can't listen on 127.0.0.1:${port}: another program`),
  })
  await new Promise((resolve) => other.close(resolve))
})

test('when stopped all workers drain, and end', async () => {
  using started = startedThreads()
  await using service = await patient()
  const proxy = await bed({ workers: 2, drainMs: 20_000 })
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const running = Array.from({ length: 30 }, () => proxy.get())
  await expect.poll(service.waiting).toBe(30)
  const stopped = proxy.stop()
  await pause(100)
  service.release()
  const statuses = (await Promise.all(running)).map(({ status }) => status)
  expect(new Set(statuses)).toEqual(new Set([200]))
  await stopped
  expect(started.threads.map(({ threadId }) => threadId)).toEqual([-1, -1])
  await expect(ask(proxy.port)).rejects.toThrow('ECONNREFUSED')
})
