import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { etcdStore } from '../../src/store/etcd/etcd.ts'
import type { Store } from '../../src/store/store.ts'
import { type EtcdServer, startEtcd } from '../store/etcd-server.ts'
import { agreement, plantForeign } from './agreement.ts'
import { startContainer } from './docker.ts'
import { type Fleet, type Host, startFleet } from './fleet.ts'
import { ask, underLoad } from './load.ts'
import { eventually, type Running } from './portolan.ts'

/*
 * One host, whose engine keeps no containers over a restart, with one container that stays. After each fault the
 * store has to be what the engine says, to the letter.
 */

const leaseMs = 3000
const soonMs = leaseMs + 1000

const stack = new AsyncDisposableStack()
let fleet: Fleet
let host: Host
let etcd: EtcdServer
let store: Store
let portolan: Running

const start = (env: NodeJS.ProcessEnv = {}) =>
  host.portolan({
    args: [
      '--store',
      `etcd://${fleet.gateway}:${etcd.port}`,
      '--lease',
      '3s',
      '--log-level',
      'debug',
    ],
    env,
  })

beforeAll(async () => {
  fleet = stack.use(await startFleet(1))
  host = fleet.host(1)
  etcd = stack.use(await startEtcd())
  store = stack.use(etcdStore({ endpoints: [etcd.endpoint] }))
  await plantForeign(store)
  portolan = await start()
  const options = ['--restart', 'always']
  stack.use(await host.web('stays', { host: 'stays.localhost', options }))
  await serves('stays')
})
afterAll(async () => {
  await portolan[Symbol.asyncDispose]()
  await stack.disposeAsync()
})
afterEach(async () => void (await agreed(soonMs)))

const agreed = (limitMs: number) => agreement(store, [{ node: host.name, cli: host.cli }], limitMs)

const body = async (name: string) => (await ask(portolan.proxyUrl, `${name}.localhost`)).body.trim()

const serves = (name: string, limitMs = 5000) =>
  eventually(async () => (await body(name)) === name, limitMs)

const web = (name: string, ...options: string[]) =>
  host.web(name, { host: `${name}.localhost`, options })

/** Runs `work` for 0 to `count - 1`, six at a time. */
async function sixAtATime(count: number, work: (at: number) => Promise<unknown>): Promise<void> {
  const numbers = Array.from({ length: count }, (_, at) => at).values()
  const worker = async () => {
    for (const at of numbers) await work(at)
  }
  await Promise.all(Array.from({ length: 6 }, worker))
}

const remove = async (label: string) => {
  const ids = await host.cli('ps', '-aq', '--filter', `label=${label}`)
  if (ids !== '') await host.cli('rm', '-f', ...ids.split('\n'))
}

const keysOf = async (prefix: string) =>
  (await store.list(prefix, AbortSignal.timeout(5000))).entries

/** Networks take an engine most of the time of a start: one container of ten gets one of its own. */
const networkOf = (at: number) => ['--network', at % 10 === 0 ? 'bridge' : 'host']

test('a hundred containers started at once are all registered, and all gone', async () => {
  const image = ['--expose', '80', '--label', 'batch=many', 'busybox:1.37', 'sleep', '600']
  const names = Array.from({ length: 100 }, (_, at) => `many-${at}`)
  await sixAtATime(100, (at) =>
    host.cli('create', '--name', names[at] ?? '', ...networkOf(at), ...image),
  )
  const seen = await underLoad(portolan.proxyUrl, 'stays.localhost', 50, async () => {
    await sixAtATime(10, (at) => host.cli('start', ...names.slice(at * 10, at * 10 + 10)))
    await agreed(soonMs)
    await remove('batch=many')
    await agreed(soonMs)
  })
  expect(seen.failures).toEqual([])
})

test('two hundred short runs leave no key behind', async () => {
  const image = ['--expose', '80', '--label', 'batch=brief', 'busybox:1.37']
  const lives = ['true', 'sleep 0.1', 'sleep 0.5']
  const rss = await memory()
  await sixAtATime(20, async (at) => {
    const command = ['sh', '-c', lives[at % lives.length] ?? 'true']
    const id = await host.cli('create', ...networkOf(at), ...image, ...command)
    for (let run = 0; run < 10; run++) {
      await host.cli('start', '-a', id)
    }
  })
  await agreed(soonMs)
  await remove('batch=brief')
  expect((await memory()) - rss).toBeLessThan(60)
})

/** Resident memory of Portolan in MiB. */
async function memory(): Promise<number> {
  const status = await readFile(`/proc/${portolan.process.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}

test('the next container that gets an address never answers for the one before', async () => {
  for (let round = 0; round < 4; round++) {
    const [a, b] = [`first-${round}`, `next-${round}`]
    await using one = await web(a)
    await serves(a)
    const stop = new AbortController()
    const bodies = hammer(a, stop.signal)
    await host.cli('kill', one.id)
    await using _next = await web(b)
    await serves(b)
    stop.abort()
    expect(await bodies).not.toContain(b)
  }
})

/** All bodies that a host name gets, asked four at a time without a pause. */
async function hammer(name: string, stop: AbortSignal): Promise<Set<string>> {
  const seen = new Set<string>()
  const client = async () => {
    while (!stop.aborted) {
      const answer = await Promise.race([body(name), pause(200, 'no answer yet')])
      seen.add(answer)
    }
  }
  await Promise.all([client(), client(), client(), client()])
  return seen
}

test('HUP and USR1 change nothing: not a key is written', async () => {
  const before = await keysOf('/portolan/')
  const { revision } = await store.list('/', AbortSignal.timeout(5000))
  // the shell is the container's first process, which ignores what it has no handler for
  await host.cli('kill', '-s', 'HUP', 'stays')
  await host.cli('kill', '-s', 'USR1', 'stays')
  await pause(500)
  expect(await host.cli('inspect', '-f', '{{.State.Status}}', 'stays')).toBe('running')
  expect(await keysOf('/portolan/')).toEqual(before)
  expect((await store.list('/', AbortSignal.timeout(5000))).revision).toBe(revision)
  await serves('stays')
})

test('paused, unpaused, on and off a network: the store says so each time', async () => {
  await using one = await web('moves')
  await serves('moves')
  await host.cli('pause', one.id)
  await agreed(soonMs)
  expect((await ask(portolan.proxyUrl, 'stays.localhost')).status).toBe(200)
  await host.cli('unpause', one.id)
  await agreed(soonMs)
  await host.cli('network', 'create', 'aside')
  for (const how of ['connect', 'disconnect']) {
    await host.cli('network', how, 'aside', one.id)
    await agreed(soonMs)
    await serves('moves')
  }
  await host.cli('network', 'rm', 'aside')
})

test('a container in a crash loop gets requests only after it has lasted, and harms no other', async () => {
  const script = 'mkdir -p /w; echo loops > /w/index.html; httpd -p 8000 -h /w; sleep 0.6; exit 1'
  const seen = await underLoad(portolan.proxyUrl, 'stays.localhost', 50, async () => {
    await using _loops = await startContainer('loops', {
      cli: host.cli,
      labels: { 'portolan.host': 'loops.localhost' },
      options: ['--restart', 'always', '--expose', '8000'],
      command: ['sh', '-c', script],
    })
    await eventually(async () => (await problems()).includes('starts and dies again'), 15_000)
    const [tablesBefore, restartsBefore] = [tables(), await restarts()]
    const states = await statesOf('loops', 4000)
    expect(states.has('ready')).toBe(false)
    expect(states.has('starting')).toBe(true)
    // each run comes, goes, and waits for the next; one more at each end of the time
    const runs = 2 + (await restarts()) - restartsBefore
    expect(tables() - tablesBefore).toBeLessThanOrEqual(3 * runs)
  })
  expect(seen.failures).toEqual([])
  await eventually(async () => !(await problems()).includes('starts and dies again'), 3000)
})

/** All states that a container is seen in for `ms`. */
async function statesOf(container: string, ms: number): Promise<Set<unknown>> {
  const states = new Set<unknown>()
  const endMs = performance.now() + ms
  while (performance.now() < endMs) {
    const [found] = (await portolan.view('instances')).filter(({ name }) => name === container)
    if (found) states.add(found['state'])
    await pause(20)
  }
  return states
}

const tables = () => portolan.output().split('route table replaced').length
const restarts = async () => Number(await host.cli('inspect', '-f', '{{.RestartCount}}', 'loops'))
const problems = async () => JSON.stringify(await portolan.view('problems'))

test('the engine killed and started without live-restore: what came back is there, and only that', async () => {
  await using _lost = await web('lost')
  await serves('lost')
  await fleet.hosts('kill', 'h1')
  await pause(1000)
  await fleet.hosts('start', 'h1')
  await serves('stays', 15_000)
  await agreed(soonMs)
  const names = (await portolan.view('instances')).map(({ name }) => name)
  expect(names).toEqual(['stays'])
})

test('etcd wiped: everything is there again, and no request fails', async () => {
  const seen = await underLoad(portolan.proxyUrl, 'stays.localhost', 50, async () => {
    await etcd.replace()
    // our own client has to notice as well that it is another store
    await eventually(async () => plantForeign(store).then(() => true))
    await agreed(soonMs + 2000)
  })
  expect(seen.failures).toEqual([])
})

test('etcd compacted while it was away: what happened meanwhile is not missed', async () => {
  await using one = await web('meanwhile')
  await agreed(soonMs)
  await etcd.kill()
  await host.cli('kill', one.id)
  await using _two = await web('after')
  await etcd.start()
  const { revision } = await store.list('/', AbortSignal.timeout(5000))
  await etcd.ctl('compact', String(revision))
  await agreed(soonMs + 2000)
})

test('killed, and started after its lease: the store is right as soon as it runs', async () => {
  await portolan.stop('SIGKILL')
  await using _more = await web('unseen')
  await eventually(async () => (await keysOf('/portolan/nodes/')).size === 0, soonMs)
  portolan = await start()
  await agreed(2000)
  await serves('unseen')
})

test('a wall clock that jumps by a day and back costs no lease, and no write', async () => {
  await portolan.stop('SIGKILL')
  portolan = await start({ NODE_OPTIONS: jumping(2000, 86_400_000, 3000) })
  await agreed(soonMs)
  const before = await keysOf('/portolan/')
  await pause(6000)
  expect(await keysOf('/portolan/')).toEqual(before)
  await portolan.stop('SIGKILL')
  portolan = await start()
})

test('started again by a clock that was set back: it writes when the lease of the run before is over', async () => {
  await portolan.stop('SIGKILL')
  portolan = await start({ NODE_OPTIONS: jumping(0, 86_400_000, 1e9) })
  await agreed(soonMs)
  await portolan.stop('SIGKILL')
  portolan = await start()
  await using _more = await web('later')
  await agreed(soonMs)
})

/** Node's flag for a process whose wall clock, after `afterMs`, is `byMs` ahead for `forMs`. */
function jumping(afterMs: number, byMs: number, forMs: number): string {
  const module =
    `const real = Date; const at = performance.now();` +
    `const ahead = () => { const now = performance.now() - at; return now >= ${afterMs} && now < ${afterMs + forMs} ? ${byMs} : 0 };` +
    `globalThis.Date = class extends real { constructor(...args) { if (args.length) super(...args); else super(real.now() + ahead()) } static now() { return real.now() + ahead() } };`
  return `--import=data:text/javascript,${encodeURIComponent(module)}`
}
