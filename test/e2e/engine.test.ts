import { setTimeout as pause } from 'node:timers/promises'

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { agreement } from './agreement.ts'
import { type DockerCli, startContainer } from './docker.ts'
import { underLoad } from './load.ts'
import { type OneHost, startOneHost } from './one-host.ts'
import { eventually, startPortolan } from './portolan.ts'

/*
 * One host, whose engine keeps its containers over a restart, and what may happen to the engine, to the way to it, and
 * to what runs in it. After each fault the store has to be what the engine says, to the letter.
 */

let one: OneHost

beforeAll(async () => {
  one = await startOneHost({ engine: '--live-restore' })
})
afterAll(async () => one?.[Symbol.asyncDispose]())
afterEach(async () => void (await one.agreed()))

const cli: DockerCli = (...args) => one.host.cli(...args)

const shown = async () => (await one.portolan.view('instances')).map(({ name }) => name)

test('the engine killed under load (live-restore): no request fails, and all is right again', async () => {
  await using dies = await one.web('dies')
  await one.serves('dies')
  const pid = await cli('inspect', '-f', '{{.State.Pid}}', dies.id)
  const seen = await one.underLoad(async () => {
    await one.fleet.hosts('kill', 'h1')
    await pause(1000)
    process.kill(Number(pid), 'SIGKILL')
    await pause(1000)
    expect((await fetch(`${one.portolan.adminUrl}/readyz`)).status).toBe(200)
    await one.fleet.hosts('start', 'h1')
    await one.agreed()
    expect(await shown()).toEqual(['stays'])
  })
  expect(seen.failures).toEqual([])
  await using _fresh = await one.web('fresh')
  await one.serves('fresh')
})

test('a frozen engine: routes stay, it is said, and changes are seen after the thaw', async () => {
  await using stopped = await one.web('stopped')
  await one.serves('stopped')
  const seen = await one.underLoad(async () => {
    await one.fleet.hosts('freeze', 'h1')
    const ready = async () => (await fetch(`${one.portolan.adminUrl}/readyz`)).text()
    await eventually(async () => (await ready()).includes('docker'), 60_000)
    await one.fleet.hosts('thaw', 'h1')
  })
  expect(seen.failures).toEqual([])
  await cli('stop', '-t', '1', stopped.id)
  await one.agreed()
  expect(await shown()).toEqual(['stays'])
})

test('of four replicas one is killed, one crashes and one runs out of memory: no request fails', async () => {
  const end = {
    killed: 'sleep 600',
    crashes: 'exit 3',
    // in the first process of the container itself: a child that is killed ends nothing
    eats: 'x=$(tr "\\0" x </dev/zero)',
  }
  const replica = (name: string, then: string) =>
    startContainer(name, {
      cli,
      labels: { 'portolan.host': 'group.localhost', 'portolan.service': 'group' },
      options: ['--expose', '8000', '-m', '16m', '--memory-swap', '16m'],
      command: [
        'sh',
        '-c',
        `mkdir /w; echo ${name} > /w/index.html; httpd -p 8000 -h /w; while [ ! -e /now ]; do sleep 0.1; done; ${then}`,
      ],
    })
  await using _steady = await replica('steady', 'sleep 600')
  await using killed = await replica('killed', end.killed)
  await using crashes = await replica('crashes', end.crashes)
  await using eats = await replica('eats', end.eats)
  await one.agreed()
  const seen = await underLoad(one.portolan.proxyUrl, 'group.localhost', 25, async () => {
    await pause(500)
    await cli('kill', killed.id)
    await one.agreed()
    for (const { id } of [crashes, eats]) {
      await cli('exec', id, 'touch', '/now')
      const status = () => cli('inspect', '-f', '{{.State.Status}}', id)
      await eventually(async () => (await status()) === 'exited', 60_000)
      await one.agreed()
    }
  })
  expect(await cli('inspect', '-f', '{{.State.OOMKilled}}', eats.id)).toBe('true')
  expect([...seen.bodies.keys()].toSorted()).toEqual(['crashes', 'eats', 'killed', 'steady'])
  expect(seen.failures).toEqual([])
})

test('an engine over TCP, and its cable pulled: what changed meanwhile is right after the heal', async () => {
  const hosts = (...args: string[]) => one.fleet.hosts(...args)
  await using remote = await startPortolan({
    args: [
      `--docker=tcp://${one.host.address}:2375`,
      `--store=etcd://${one.etcd.endpoint}`,
      `--advertise=${one.fleet.gateway}`,
      '--node=remote',
      '--lease=3s',
    ],
    env: { DOCKER_HOST: '' },
  })
  const nodes = [one.host.name, 'remote'].map((node) => ({ node, cli }))
  await using gone = await one.web('gone')
  await agreement(one.store, nodes)
  await hosts('cut', 'h1')
  try {
    const readyz = async () => (await fetch(`${remote.adminUrl}/readyz`)).text()
    await eventually(async () => (await readyz()).includes('docker'), 60_000)
    await cli('kill', gone.id)
    await using _came = await one.web('came')
    await hosts('heal', 'h1')
    await agreement(one.store, nodes)
    // nothing of it hangs on an engine that is gone
    await hosts('cut', 'h1')
    expect(await remote.stop()).toBe(0)
  } finally {
    await hosts('heal', 'h1')
  }
  await eventually(async () => (await one.keysOf('/portolan/nodes/')).size === 1, 60_000)
})

test('a socket that is mounted as a file is dead after an engine restart, and its remedy is said; a folder is not', async () => {
  await one.fleet.hosts('load', 'node:26-slim')
  const inContainer = (name: string, mount: string, http: number) =>
    startContainer(name, {
      cli,
      image: 'node:26-slim',
      options: ['--network', 'host', '-v', `${process.cwd()}:/app:ro`, '-v', mount],
      command: [
        'node',
        '/app/src/cli.ts',
        'run',
        '--docker=unix:///mounted/docker.sock',
        `--http=:${http}`,
        `--admin=${one.host.address}:${http + 1}`,
      ],
    })
  await using _file = await inContainer('by-file', '/run/docker.sock:/mounted/docker.sock', 19_080)
  await using _folder = await inContainer('by-folder', '/run:/mounted', 19_180)
  const admin = (http: number) => `http://${one.host.address}:${http + 1}`
  const ready = async (http: number) => (await fetch(`${admin(http)}/readyz`)).text()
  const isWell = async (http: number) => /"degraded":\[\]/.test(await ready(http))
  for (const http of [19_080, 19_180]) await eventually(() => isWell(http), 60_000)
  await one.fleet.hosts('kill', 'h1')
  for (const http of [19_080, 19_180]) await eventually(async () => !(await isWell(http)), 60_000)
  await one.fleet.hosts('start', 'h1')
  await eventually(() => isWell(19_180), 60_000)
  const said = async () => (await fetch(`${admin(19_080)}/v1/problems`)).text()
  await eventually(async () => (await said()).includes('mount its folder instead'), 60_000)
  expect(await isWell(19_080)).toBe(false)
})
