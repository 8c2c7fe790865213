import { setTimeout as pause } from 'node:timers/promises'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { type Bed, bed } from './bed.ts'
import { docker, start } from './cli.ts'
import { watching } from './watching.ts'

const quick = { pingMs: 300, callMs: 700 }
const polite = 'trap "exit 0" TERM; while :; do sleep 0.05; done'
const cleanup = new AsyncDisposableStack()
let own: Bed

beforeAll(async () => {
  own = cleanup.use(await bed())
})
afterAll(async () => cleanup.disposeAsync())

test('an engine that is killed takes nothing along; what died meanwhile goes when it is back', async () => {
  const stays = await start(own.host, [], polite)
  const dies = await start(own.host, [], polite)
  const pid = Number(await docker(own.host, 'inspect', '-f', '{{.State.Pid}}', dies))
  await using watch = watching({ host: own.host, ...quick })
  await watch.known(({ byId }) => byId.has(stays) && byId.has(dies))
  const published = watch.seen.length

  await own.hosts('kill', 'h1')
  await watch.down(/nobody listens on the socket.*mount its folder/)
  process.kill(pid, 'SIGKILL')
  await pause(1000)
  expect(watch.seen.length).toBe(published)

  await own.hosts('start', 'h1')
  await watch.up()
  const { byId } = await watch.known((state) => !state.byId.has(dies))
  expect([...byId.keys()]).toEqual([stays])
  expect(watch.seen.slice(published).every(({ state }) => state.byId.has(stays))).toBe(true)
  expect(watch.logged.filter((line) => line.includes('can not be followed')).length).toBeLessThan(4)
  await docker(own.host, 'rm', '-f', stays, dies)
})

test('a frozen engine is noticed, and followed again when it thaws', async () => {
  const id = await start(own.host, [], polite)
  await using watch = watching({ host: own.host, ...quick })
  await watch.container(id, (one) => one !== undefined)
  await own.hosts('freeze', 'h1')
  try {
    await watch.down(/no answer within 700 ms/)
    expect((await watch.known()).byId.has(id)).toBe(true)
  } finally {
    await own.hosts('thaw', 'h1')
  }
  await watch.up()
  await docker(own.host, 'rm', '-f', id)
  await watch.container(id, (one) => one === undefined)
})

test('an engine that is away at the start is waited for', async () => {
  await own.hosts('kill', 'h1')
  await using watch = watching({ host: own.host, ...quick })
  await using remote = watching({ host: own.tcp, ...quick })
  await watch.down(/nobody listens on the socket/)
  await remote.down(/nobody listens at tcp:/)
  expect(watch.docker.containers.current).toEqual({ kind: 'unknown' })
  await own.hosts('start', 'h1')
  await watch.up()
  await remote.up()
  const id = await start(own.host, [], polite)
  await remote.container(id, (one) => one !== undefined)
  await docker(own.host, 'rm', '-f', id)
  await remote.container(id, (one) => one === undefined)
})

test('a cable that is pulled is noticed, and what was missed is read when it is plugged in', async () => {
  const id = await start(own.host, [], polite)
  await using remote = watching({ host: own.tcp, ...quick })
  await remote.container(id, (one) => one !== undefined)
  await own.hosts('cut', 'h1')
  try {
    await remote.down()
    await docker(own.host, 'rm', '-f', id)
    expect((await remote.known()).byId.has(id)).toBe(true)
  } finally {
    await own.hosts('heal', 'h1')
  }
  await remote.container(id, (one) => one === undefined)
})
