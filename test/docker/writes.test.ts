import { afterAll, beforeAll, expect, test } from 'vitest'

import { notifyOf } from '../../src/assembly/notify.ts'
import { readConfig } from '../../src/config/config.ts'
import { createLog } from '../../src/core/log.ts'
import { createDocker } from '../../src/docker/create.ts'
import { findSocket } from '../../src/docker/socket.ts'
import { engineWrites } from '../../src/docker/writes.ts'
import { docker, label, start, sweep } from './cli.ts'

const host = findSocket(process.env)
const listening = 'trap "echo got HUP" HUP; trap "exit 0" TERM; while :; do sleep 0.05; done'
const signal = AbortSignal.timeout(170_000)
const end = new AbortController()
const engine = createDocker({ host, log: createLog({ level: 'silent', format: 'json' }) })
const running = engine.run(end.signal)

beforeAll(async () => sweep(host))
afterAll(async () => {
  end.abort()
  await running
  await sweep(host)
})

async function notifier(flags: Readonly<Record<string, string>>) {
  const config = readConfig({ flags: new Map(Object.entries({ ...flags, docker: host })), env: {} })
  return notifyOf(config, engine)
}

/** Waits until the engine's containers are known to have `id`. */
async function seen(id: string) {
  await expect
    .poll(() => {
      const { current } = engine.containers
      return current.kind === 'known' && current.byId.has(id)
    })
    .toBe(true)
}

test('without --allow-writes there is nobody who could write', async () => {
  expect(await notifier({})).toBeUndefined()
})

test('containers are signalled by name, id and label, and restarted', async () => {
  const id = await start(host, ['--name', 'portolan-writes', '--label', 'w=1'], listening)
  await seen(id)
  const notify = await notifier({ 'allow-writes': 'true' })
  for (const container of ['portolan-writes', id.slice(0, 12), 'label:w=1', `label:${label}`]) {
    expect(await notify?.({ container, action: 'HUP' }, signal)).toBe('HUP portolan-writes\n')
    // two signals at a time may be one for the process (signal(7))
    const lines = async () => (await docker(host, 'logs', id)).split('\n').filter(Boolean).length
    const before = ['portolan-writes', id.slice(0, 12), 'label:w=1', `label:${label}`].indexOf(
      container,
    )
    await expect.poll(lines).toBe(before + 1)
  }
  const startedAt = () => docker(host, 'inspect', '-f', '{{.State.StartedAt}}', id)
  const before = await startedAt()
  expect(await notify?.({ container: id, action: 'restart' }, signal)).toBe(
    'restart portolan-writes\n',
  )
  expect(await startedAt()).not.toBe(before)
})

test('who is not there, and what the engine refuses, is said', async () => {
  const notify = await notifier({ 'allow-writes': 'true' })
  const known = () => engine.containers.current.kind
  await expect.poll(known).toBe('known')
  await expect(notify?.({ container: 'nobody', action: 'HUP' }, signal)).rejects.toThrow(
    'no running container of this host is "nobody"; name its name, its id or label:name=value',
  )
  await expect(engineWrites({ host }).signal('0'.repeat(12), 'HUP', signal)).rejects.toThrow(
    /the engine answered POST \/containers\/0{12}\/kill\?signal=HUP with 404: .*No such container/,
  )
  const away = engineWrites({ host: 'unix:///nowhere.sock' })
  await expect(away.restart('1'.repeat(12), signal)).rejects.toThrow('ENOENT')
})
