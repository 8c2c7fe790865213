import { setTimeout as pause } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { lookQueue } from '../../src/docker/looks.ts'

test('one look at a time for each id, and so many at once over all', async () => {
  const running: string[] = []
  let most = 0
  const queue = lookQueue(async (id) => {
    expect(running).not.toContain(id)
    running.push(id)
    most = Math.max(most, running.length)
    await pause(5)
    running.splice(running.indexOf(id), 1)
    return true
  }, 3)
  const ids = Array.from({ length: 40 }, (_, index) => `c${index % 10}`)
  await Promise.all(ids.map(async (id, index) => pause(index % 7).then(() => queue.ask(id))))
  expect(most).toBe(3)
  expect(queue.pending).toBe(0)
})

test('a look that is asked for while one runs begins after it; asking twice makes one', async () => {
  let begun = 0
  const first = Promise.withResolvers<boolean>()
  const queue = lookQueue(async () => (++begun === 1 ? first.promise : true), 8)
  const asked = [queue.ask('a'), queue.ask('a'), queue.ask('a')]
  await pause(5)
  expect(begun).toBe(1)
  first.resolve(true)
  await Promise.all(asked)
  expect(begun).toBe(2)
})

test('a look that has to be done again counts as over only then', async () => {
  let left = 3
  const queue = lookQueue(async () => --left === 0, 8)
  await queue.ask('a')
  expect(left).toBe(0)
})
