import { Agent, request } from 'node:http'

import { expect, test } from 'vitest'

import { identityOf } from '../../src/core/instance.ts'
import { backend, bed, catalogOf, instance, named, pause } from './bed.ts'

/** Keeps asking over a few kept connections until told to stop; counts the answers by status. */
function load(port: number, clients: number) {
  const counts = new Map<string, number>()
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const stop = new AbortController()
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1)
  const one = (method: string) =>
    new Promise<void>((resolve) => {
      const asked = request({
        port,
        host: '127.0.0.1',
        method,
        agent,
        headers: { host: 'shop.test' },
      })
      asked.on('response', (response) => {
        response.resume().once('end', () => {
          count(String(response.statusCode))
          resolve()
        })
      })
      asked.on('error', (error) => {
        count(error.message)
        resolve()
      })
      asked.end(method === 'POST' ? 'body' : undefined)
    })
  const running = Array.from({ length: clients }, async (_, at) => {
    while (!stop.signal.aborted) await one(at % 3 === 0 ? 'POST' : 'GET')
  })
  return {
    answers: () => counts.get('200') ?? 0,
    finish: async () => {
      stop.abort()
      await Promise.all(running)
      agent.destroy()
      return counts
    },
  }
}

test('endpoints come, drain and go under load, and no request fails', async () => {
  await using proxy = await bed()
  const started = async (at: number) => {
    const service = await backend((incoming, response) => {
      incoming.resume()
      setTimeout(() => response.end('ok'), at % 5)
    })
    const container = at.toString(16).padStart(64, '0')
    return {
      service,
      as: (state: 'ready' | 'draining') => instance({ port: service.port, container, state }),
    }
  }
  let current = [await started(1), await started(2)]
  const publish = () => proxy.catalog.set(catalogOf(current.map(({ as }) => as('ready'))))
  publish()
  const { answers, finish } = load(proxy.port, 12)
  for (let turn = 3; turn < 13; turn++) {
    const [leaving, ...staying] = current
    const next = await started(turn)
    current = [...staying, next]
    const ready = current.map(({ as }) => as('ready'))
    proxy.catalog.set(catalogOf(leaving ? [leaving.as('draining'), ...ready] : ready))
    // a container goes when its work is done
    const identity = identityOf(leaving?.as('draining') ?? next.as('ready'))
    const inFlight = () => proxy.proxy.upstream(identity)?.inFlight
    if (leaving) await expect.poll(inFlight, { interval: 5 }).toBe(0)
    publish()
    await leaving?.service.close()
    const before = answers()
    await expect.poll(answers, { interval: 5 }).toBeGreaterThan(before + 20)
  }
  const counts = await finish()
  expect([...counts.keys()]).toEqual(['200'])
  for (const { service } of current) await service.close()
})

test('a new container at the old one’s address gets no connection of the old one', async () => {
  const old = await named('old', { ip: '127.0.0.7' })
  await using proxy = await bed()
  const first = instance({ ip: old.ip, port: old.port })
  proxy.catalog.set(catalogOf([first]))
  expect((await proxy.get()).body).toBe('old')
  const kept = [...old.sockets]
  expect(kept).toHaveLength(1)
  const next = instance({ ip: old.ip, port: old.port, container: 'b'.repeat(64) })
  // the old process still holds its connection, but its container is another one now
  const closed = new Promise((resolve) => kept[0]?.once('close', resolve))
  proxy.catalog.set(catalogOf([next]))
  await closed
  await old.close()
  await using successor = await named('next', { ip: old.ip, port: old.port })
  expect((await proxy.get()).body).toBe('next')
  expect(successor.connections()).toBeGreaterThan(0)
  expect(proxy.proxy.upstream(identityOf(first))).toBeUndefined()
  expect(proxy.proxy.upstream(identityOf(next))).toMatchObject({
    address: `127.0.0.7:${old.port}`,
    health: 'ok',
  })
})

test('a table that changes elsewhere leaves a running request and its connection alone', async () => {
  const release = Promise.withResolvers<void>()
  await using slow = await backend((_, response) => {
    response.write('begin ')
    void release.promise.then(() => response.end('end'))
  })
  await using proxy = await bed()
  const mine = instance({ port: slow.port })
  proxy.catalog.set(catalogOf([mine]))
  const running = proxy.get()
  await expect.poll(() => proxy.proxy.upstream(identityOf(mine))?.inFlight).toBe(1)
  const other = instance({ service: 'other', rule: 'Host(`o`)', container: 'b'.repeat(64) })
  for (let turn = 0; turn < 5; turn++) {
    proxy.catalog.set(catalogOf(turn % 2 ? [mine] : [mine, other]))
    await pause(5)
  }
  proxy.catalog.set(catalogOf([]))
  await pause(20)
  release.resolve()
  expect((await running).body).toBe('begin end')
})
