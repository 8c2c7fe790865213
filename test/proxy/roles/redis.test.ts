import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { member, roleBed } from './bed.ts'
import { folder } from './programs.ts'
import { follow, redisSays, redisServer, redisSession } from './redis-servers.ts'

/** The port that the Redis behind `port` says it has. */
async function whoIs(port: number): Promise<number> {
  const [, found] = /tcp_port:(\d+)/.exec(await redisSays(port, 'INFO server')) ?? []
  return Number(found)
}

test('writers come to the primary and readers to the replica, also after a fail-over', async () => {
  await using one = await redisServer()
  await using two = await redisServer()
  await follow(two, one)
  await using proxy = await roleBed()
  const [a, b] = [member('a', one.port, {}), member('b', two.port, {})]
  proxy.set(a, b)
  // the first connections wait until it is known who is what
  expect(await whoIs(proxy.rw)).toBe(one.port)
  expect(await whoIs(proxy.ro)).toBe(two.port)
  expect(proxy.roleOf(a)).toMatchObject({ state: 'primary' })
  expect(proxy.roleOf(b)).toMatchObject({
    state: 'replica',
    why: expect.stringContaining('link up'),
  })
  using writer = await redisSession(proxy.rw)
  using reader = await redisSession(proxy.ro)
  await two.says('REPLICAOF NO ONE')
  await Promise.all([writer.closed, reader.closed])
  expect(await whoIs(proxy.rw)).toBe(two.port)
  expect(proxy.roleOf(a)).toMatchObject({ state: 'fenced' })
  await expect
    .poll(() => proxy.problems().map(({ what }) => what))
    .toContainEqual(
      expect.stringContaining('it says that it is the primary of shop/db, but is an old one'),
    )
  await follow(one, two)
  expect(await whoIs(proxy.ro)).toBe(one.port)
  await expect.poll(() => proxy.problems()).toEqual([])
})

test('two primaries of which none goes on from the other get nothing, until one gives in', async () => {
  await using one = await redisServer()
  await using two = await redisServer()
  await using proxy = await roleBed()
  const [a, b] = [member('a', one.port, {}), member('b', two.port, {})]
  proxy.set(a, b)
  await proxy.reaches(a, 'fenced')
  await proxy.reaches(b, 'fenced')
  await expect
    .poll(() => proxy.problems())
    .toMatchObject([
      {
        severity: 'error',
        where: 'service shop/db',
        what: expect.stringMatching(/^2 instances say/),
      },
    ])
  const waiting = whoIs(proxy.rw)
  await follow(one, two)
  expect(await waiting).toBe(two.port)
})

test('a primary that dies leaves writers waiting for the next one', async () => {
  await using one = await redisServer()
  await using two = await redisServer()
  await follow(two, one)
  await using proxy = await roleBed()
  const [a, b] = [member('a', one.port, {}), member('b', two.port, {})]
  proxy.set(a, b)
  expect(await whoIs(proxy.rw)).toBe(one.port)
  await one.running.kill()
  await proxy.reaches(a, 'unknown')
  await proxy.reaches(b, 'behind')
  const waiting = whoIs(proxy.rw)
  // a replica without a primary still has its data
  expect(await whoIs(proxy.ro)).toBe(two.port)
  proxy.set(b)
  await two.says('REPLICAOF NO ONE')
  expect(await waiting).toBe(two.port)
  expect(await whoIs(proxy.near)).toBe(two.port)
})

test('an old primary that starts again beside the new one takes nothing from it', async () => {
  await using one = await redisServer()
  await using proxy = await roleBed()
  const a = member('a', one.port, {})
  proxy.set(a)
  expect(await whoIs(proxy.rw)).toBe(one.port)
  using client = await redisSession(proxy.rw)
  // the time of a start is known by the second
  await expect
    .poll(async () => Number(/uptime_in_seconds:(\d+)/.exec(await one.says('INFO server'))?.[1]), {
      timeout: 60_000,
    })
    .toBeGreaterThan(3)
  await using two = await redisServer()
  const b = member('b', two.port, {})
  proxy.set(a, b)
  await proxy.reaches(b, 'fenced')
  expect(proxy.roleOf(a)).toMatchObject({ state: 'primary' })
  expect(await client.ping()).toBe('+PONG')
})

test('a password is read from a file below the folder of secrets, and from nowhere else', async () => {
  await using secrets = await folder()
  await writeFile(join(secrets.path, 'redis'), 'sesame\n')
  await using one = await redisServer('--requirepass', 'sesame')
  await using proxy = await roleBed({ secrets: secrets.path })
  const problems = () => proxy.problems().map(({ what, remedy }) => `${what}; ${remedy}`)
  const fall = 1
  proxy.set(member('a', one.port, { fall }))
  await expect
    .poll(problems)
    .toEqual([expect.stringMatching(/NOAUTH.*portolan\.probe\.password-file/)])
  proxy.set(member('a', one.port, { fall, passwordFile: '/etc/hostname' }))
  await expect.poll(problems).toEqual([expect.stringMatching(/not below.*--secrets/)])
  proxy.set(member('a', one.port, { fall, passwordFile: 'none' }))
  await expect.poll(problems).toEqual([expect.stringMatching(/ENOENT.*secret/)])
  proxy.set(member('a', one.port, { fall, passwordFile: 'redis', user: 'nobody' }))
  await expect.poll(problems).toEqual([expect.stringMatching(/WRONGPASS.*correct/)])
  const good = member('a', one.port, { fall, passwordFile: 'redis' })
  proxy.set(good)
  await proxy.reaches(good, 'primary')
  await expect.poll(problems).toEqual([])
})
