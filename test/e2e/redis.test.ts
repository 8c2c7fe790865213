import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { promisify } from 'node:util'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { freePort } from '../free-port.ts'
import { docker, startContainer } from './docker.ts'
import { eventually, type Running, startPortolan } from './portolan.ts'

const run = promisify(execFile)
const limitMs = 120_000
let portolan: Running
let port: number
let [rw, ro] = [0, 0]

beforeAll(async () => {
  port = await freePort()
  ;[rw, ro] = [await freePort(), await freePort()]
  const all = Object.entries({ redis: port, rw, ro })
  const tcp = all.map(([name, at]) => `${name}=127.0.0.1:${at}`).join()
  portolan = await startPortolan({ args: ['--tcp', tcp] })
}, limitMs)
afterAll(() => portolan[Symbol.asyncDispose]())

const anyone: Readonly<Record<string, string>> = {
  'portolan.tcp': 'redis',
  'portolan.service': 'e2e-redis',
}
const byRole = {
  'portolan.service': 'e2e-roles',
  'portolan.probe': 'redis',
  'portolan.routes.rw.tcp': 'rw',
  'portolan.routes.rw.role': 'primary',
  'portolan.routes.ro.tcp': 'ro',
  'portolan.routes.ro.role': 'replica',
}

/** This machine's Redis in a container, which stops as soon as it is told to. */
function redis(name: string, labels = anyone) {
  // where the loader is differs; docker would make a folder that is missing
  const folders = ['/usr:/usr', '/usr/lib:/lib', '/usr/lib64:/lib64'].filter((one) =>
    existsSync(one.split(':')[0] ?? ''),
  )
  return startContainer(name, {
    labels,
    options: ['--expose', '6379', ...folders.flatMap((one) => ['-v', `${one}:ro`])],
    command: ['/usr/bin/redis-server', '--protected-mode', 'no', '--save', ''],
  })
}

function cli(...args: readonly string[]): Promise<string> {
  return cliAt(port, ...args)
}

async function cliAt(at: number, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run('redis-cli', ['-h', '127.0.0.1', '-p', String(at), ...args])
  return stdout.trim()
}

/** One command on a connection of its own; rejects unless it is answered. */
function ping(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect({ host: '127.0.0.1', port })
  socket.setTimeout(60_000, () => socket.destroy())
  socket.on('data', (bytes) => {
    if (String(bytes) === '+PONG\r\n') resolve()
    socket.destroy()
  })
  socket.on('error', reject)
  socket.on('close', () => reject(new Error('closed without an answer')))
  socket.write('PING\r\n')
  return promise
}

/** Commands from `loops` clients, one after the other each, until it is stopped. */
function load(loops: number) {
  const ending = new AbortController()
  const count = { done: 0, failed: 0 }
  const loop = async () => {
    while (!ending.signal.aborted) {
      await ping().then(
        () => count.done++,
        () => count.failed++,
      )
    }
  }
  const all = Promise.all(Array.from({ length: loops }, loop))
  return {
    count,
    async stop() {
      ending.abort()
      await all
    },
  }
}

test(
  'what redis-cli sets it gets',
  async () => {
    await using _one = await redis('e2e-redis-1')
    await eventually(async () => (await cli('ping')) === 'PONG', limitMs)
    expect(await cli('set', 'chart', 'portolan')).toBe('OK')
    expect(await cli('get', 'chart')).toBe('portolan')
    const work = '-t set,get -n 5000 -c 20 -d 3000 -P 8 --csv'.split(' ')
    const at = ['-h', '127.0.0.1', '-p', String(port)]
    const { stdout } = await run('redis-benchmark', [...at, ...work])
    expect(stdout.match(/"(SET|GET)"/g)).toEqual(['"SET"', '"GET"'])
  },
  limitMs,
)

test(
  'scaled and restarted under load, only commands in flight on what stops may fail',
  async () => {
    const loops = 4
    await using one = await redis('e2e-redis-1')
    await eventually(async () => (await cli('ping')) === 'PONG', limitMs)
    const running = load(loops)
    await using two = await redis('e2e-redis-2')
    const isServed = async (id: string) => {
      const instances = await portolan.view('instances')
      return instances.some(({ container, state }) => container === id && state === 'ready')
    }
    await eventually(() => isServed(two.id), limitMs)
    for (const { id } of [one, two]) {
      const { done } = running.count
      await docker('restart', id)
      await eventually(async () => (await isServed(id)) && running.count.done > done, limitMs)
    }
    await running.stop()
    expect(running.count.done).toBeGreaterThan(100)
    expect(running.count.failed).toBeLessThanOrEqual(2 * loops)
  },
  limitMs,
)

test(
  'writers come to the primary and readers to the replica, until the replica takes over',
  async () => {
    await using one = await redis('e2e-roles-1', byRole)
    await eventually(async () => (await cliAt(rw, 'set', 'chart', 'one')) === 'OK', limitMs)
    await using two = await redis('e2e-roles-2', byRole)
    const at = await docker('inspect', '-f', '{{.NetworkSettings.IPAddress}}', one.id)
    await docker('exec', two.id, '/usr/bin/redis-cli', 'replicaof', at, '6379')
    await eventually(async () => (await cliAt(ro, 'get', 'chart')) === 'one', limitMs)
    expect(await cliAt(ro, 'set', 'chart', 'two')).toContain('READONLY')
    const roleOf = async (id: string) => {
      const found = (await portolan.view('instances')).find(({ container }) => container === id)
      return JSON.stringify(found?.['role'])
    }
    expect(await roleOf(one.id)).toContain('"is":"primary"')
    expect(await roleOf(two.id)).toContain('"is":"replica"')
    await docker('kill', one.id)
    // waits for whoever is primary next
    const written = cliAt(rw, 'set', 'chart', 'three')
    await docker('exec', two.id, '/usr/bin/redis-cli', 'replicaof', 'no', 'one')
    expect(await written).toBe('OK')
    expect(await cliAt(rw, 'get', 'chart')).toBe('three')
    expect(await roleOf(two.id)).toContain('"is":"primary"')
  },
  limitMs,
)
