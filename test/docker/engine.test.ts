import { setTimeout as pause } from 'node:timers/promises'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { findSocket } from '../../src/docker/socket.ts'
import { docker, label, start, sweep } from './cli.ts'
import { type Watching, watching } from './watching.ts'

const host = findSocket(process.env)
/** Ends at once when asked to: a shell as PID 1 needs a handler. */
const polite = 'trap "exit 0" TERM INT; while :; do sleep 0.05; done'
const run = async (options: readonly string[] = [], command = polite) =>
  start(host, options, command)
const cli = async (...args: readonly string[]) => docker(host, ...args)

let watch: Watching

beforeAll(async () => {
  await sweep(host)
  watch = watching({ host })
  await watch.known()
})

afterAll(async () => {
  await watch[Symbol.asyncDispose]()
  await sweep(host)
})

/** What was published about one container, each change once. */
function historyOf(id: string): string[] {
  const states = watch.seen.map(({ state }) => {
    const one = state.byId.get(id)
    return one ? `${one.state}${one.draining ? ' draining' : ''}` : 'gone'
  })
  return states.filter((one, index) => one !== states[index - 1])
}

test('who the engine is', async () => {
  const { engine } = await watch.known()
  expect(engine.id).toBe(await cli('info', '-f', '{{.ID}}'))
  expect(engine.name).toBe(await cli('info', '-f', '{{.Name}}'))
  expect(engine.kind).toBe('native')
})

test('a container drains from the stop signal on until it has ended', async () => {
  const id = await run([], 'trap "sleep 1; exit 0" TERM; while :; do sleep 0.05; done')
  await watch.container(id, (one) => one?.state === 'running')
  const stopping = cli('stop', id)
  await watch.container(id, (one) => one?.draining === true)
  const begun = performance.now()
  await watch.container(id, (one) => one === undefined)
  expect(performance.now() - begun).toBeGreaterThan(700)
  await stopping
  expect(historyOf(id)).toEqual(['gone', 'running', 'running draining', 'gone'])
})

test('its own stop signal drains it, kill -9 removes it at once, HUP changes nothing', async () => {
  const id = await run(
    ['--stop-signal', 'SIGUSR1'],
    'trap : USR1 HUP; while :; do sleep 0.05; done',
  )
  await watch.container(id, (one) => one !== undefined)
  await cli('kill', '-s', 'HUP', id)
  await pause(200)
  expect(historyOf(id)).toEqual(['gone', 'running'])
  await cli('kill', '-s', 'USR1', id)
  await watch.container(id, (one) => one?.draining === true)
  await cli('kill', id)
  await watch.container(id, (one) => one === undefined)
  expect(historyOf(id)).toEqual(['gone', 'running', 'running draining', 'gone'])
})

test('a paused container is paused, and runs again after it', async () => {
  const id = await run()
  await cli('pause', id)
  await watch.container(id, (one) => one?.state === 'paused')
  await cli('unpause', id)
  await watch.container(id, (one) => one?.state === 'running')
})

test('in a restart loop it never runs while the engine says that it restarts', async () => {
  const id = await run(['--restart', 'always'], 'exit 1')
  await watch.container(id, (one) => one?.state === 'restarting')
  const asked = async () => cli('inspect', '-f', '{{.State.Status}} {{.RestartCount}}', id)
  let compared = 0
  for (const end = performance.now() + 60_000; compared < 5 && performance.now() < end;) {
    const before = await asked()
    const published = (await watch.known()).byId.get(id)?.state
    if (before !== (await asked()) || !before.startsWith('restarting')) continue
    compared++
    expect(published).not.toBe('running')
  }
  expect(compared).toBe(5)
  await cli('rm', '-f', id)
  await watch.container(id, (one) => one === undefined)
})

test('health is told as it changes', async () => {
  const check = [
    '--health-cmd',
    'test -e /ok',
    '--health-interval',
    '200ms',
    '--health-retries',
    '1',
  ]
  const id = await run(check)
  await watch.container(id, (one) => one?.health === 'starting' || one?.health === 'unhealthy')
  await cli('exec', id, 'touch', '/ok')
  await watch.container(id, (one) => one?.health === 'healthy')
  await cli('exec', id, 'rm', '/ok')
  await watch.container(id, (one) => one?.health === 'unhealthy')
})

test('a new name and new networks are told', async () => {
  const id = await run(['--name', 'portolan-test-old'])
  await watch.container(id, (one) => one?.name === 'portolan-test-old')
  await cli('rename', id, 'portolan-test-new')
  await watch.container(id, (one) => one?.name === 'portolan-test-new')
  await cli('network', 'create', '--label', label, 'portolan-test-net')
  await cli('network', 'connect', 'portolan-test-net', id)
  const both = await watch.container(id, (one) => one?.networks.length === 2)
  expect(both?.networks.map(({ name }) => name)).toEqual(['bridge', 'portolan-test-net'])
  await cli('network', 'disconnect', 'bridge', id)
  const left = await watch.container(id, (one) => one?.networks.length === 1)
  expect(left?.networks[0]?.name).toBe('portolan-test-net')
})

test("a container on another's network has that one's address", async () => {
  const owner = await run(['-p', '127.0.0.1::80'])
  const guest = await run(['--network', `container:${owner}`, '--stop-signal', 'INT'])
  const { byId } = await watch.known((state) => state.byId.has(owner) && state.byId.has(guest))
  expect(byId.get(guest)?.networks).toEqual(byId.get(owner)?.networks)
  expect(byId.get(guest)?.networks[0]?.ip).toMatch(/^\d/)
})

test('an address that goes to the next container is never at two', async () => {
  await cli('network', 'create', '--label', label, 'portolan-test-reuse')
  const first = await run(['--network', 'portolan-test-reuse'])
  const before = await watch.container(first, (one) => one !== undefined)
  await cli('kill', first)
  const second = await run(['--network', 'portolan-test-reuse'])
  const after = await watch.container(second, (one) => one !== undefined)
  expect(after?.networks[0]?.ip).toBe(before?.networks[0]?.ip)
  for (const { state } of watch.seen) {
    expect(state.byId.has(first) && state.byId.has(second)).toBe(false)
  }
})

test('a container that was started anew is another run of the same', async () => {
  const id = await run()
  const before = await watch.container(id, (one) => one !== undefined)
  await cli('restart', id)
  const after = await watch.container(
    id,
    (one) => one !== undefined && one.startedAt !== before?.startedAt,
  )
  expect(after).toMatchObject({ state: 'running', draining: false })
})

test('thirty containers at once are all there, and all gone', async () => {
  const ids = await Promise.all(Array.from({ length: 30 }, async () => run(['--network', 'none'])))
  const all = await watch.known(({ byId }) => ids.every((id) => byId.has(id)))
  for (const id of ids) expect(all.byId.get(id)?.state).toBe('running')
  await cli('rm', '-f', ...ids)
  await watch.known(({ byId }) => !ids.some((id) => byId.has(id)))
  const last = ids.at(-1) ?? ''
  expect(historyOf(last)).toEqual(['gone', 'running', 'gone'])
})

test('our own container is found when the engine has it, and only then', async () => {
  const id = await run()
  await using here = watching({ host, ownIds: ['f'.repeat(64), id] })
  expect((await here.known()).self).toBe(id)
  expect((await watch.known()).self).toBe(undefined)
})
