import { execFile } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { type DockerCli, dockerCli, startContainer, webCommand } from './docker.ts'
import { ask, underLoad } from './load.ts'
import { eventually, type Running, startPortolan } from './portolan.ts'

/** An engine of our own in namespaces, since we are going to kill it. */
const bed = { BED: 'e2e', BED_NET: '198.51.100', BED_OPTS: '--live-restore' }
const address = '198.51.100.11'

const run = promisify(execFile)
const hosts = async (...args: string[]) => {
  const { stdout } = await run('bash', ['test/bed/hosts.sh', ...args], {
    env: { ...process.env, ...bed },
  })
  return stdout
}

let cli: DockerCli
let portolan: Running

beforeAll(async () => {
  await hosts('up', '1')
  await hosts('load', 'busybox:1.37')
  const host = /DOCKER_HOST=(\S+)/.exec(await hosts('env', 'h1'))?.[1]
  cli = dockerCli(host)
  portolan = await startPortolan({
    host: address,
    under: ['bash', 'test/bed/hosts.sh', 'exec', 'h1'],
    env: bed,
    ports: { http: 18_080, admin: 18_070 },
  })
})
afterAll(async () => {
  await portolan?.[Symbol.asyncDispose]()
  await hosts('down')
})

const web = (name: string) =>
  startContainer(name, {
    cli,
    labels: { 'portolan.host': `${name}.localhost` },
    options: ['--expose', '8000', '--restart', 'no'],
    command: webCommand(name),
  })
const serves = (name: string) =>
  eventually(
    async () => (await ask(portolan.proxyUrl, `${name}.localhost`)).body.trim() === name,
    10_000,
  )

test('the engine killed under load (live-restore): no request fails, and all is right again', async () => {
  await using _kept = await web('kept')
  await using dies = await web('dies')
  await serves('kept')
  await serves('dies')
  const pid = await cli('inspect', '-f', '{{.State.Pid}}', dies.id)
  const seen = await underLoad(portolan.proxyUrl, 'kept.localhost', 100, async () => {
    await hosts('kill', 'h1')
    await pause(1000)
    process.kill(Number(pid), 'SIGKILL')
    await pause(1000)
    const ready = await fetch(`${portolan.adminUrl}/readyz`)
    expect(ready.status).toBe(200)
    await hosts('start', 'h1')
    await eventually(async () => {
      const names = (await portolan.view('instances')).map(({ name }) => name)
      return names.includes('kept') && !names.includes('dies')
    }, 15_000)
  })
  expect(seen.failures).toEqual([])
  await using _fresh = await web('fresh')
  await serves('fresh')
})

test('a frozen engine: routes stay, it is said, and changes are seen after the thaw', async () => {
  await using _kept = await web('kept')
  await using stopped = await web('stopped')
  await serves('kept')
  await serves('stopped')
  const seen = await underLoad(portolan.proxyUrl, 'kept.localhost', 100, async () => {
    await hosts('freeze', 'h1')
    await eventually(
      async () =>
        JSON.stringify(await (await fetch(`${portolan.adminUrl}/readyz`)).json()).includes(
          'docker',
        ),
      20_000,
    )
    await hosts('thaw', 'h1')
  })
  expect(seen.failures).toEqual([])
  await cli('stop', '-t', '1', stopped.id)
  await eventually(
    async () => !(await portolan.view('instances')).some(({ name }) => name === 'stopped'),
    10_000,
  )
})
