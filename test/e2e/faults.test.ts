import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { plantForeign } from './agreement.ts'
import { type DockerCli, startContainer } from './docker.ts'
import { ask } from './load.ts'
import { type OneHost, startOneHost } from './one-host.ts'
import { eventually } from './portolan.ts'

/*
 * One host, whose engine keeps no containers over a restart, with one container that stays. After each fault the
 * store has to be what the engine says, to the letter.
 */

let one: OneHost

beforeAll(async () => {
  one = await startOneHost()
})
afterAll(async () => one?.[Symbol.asyncDispose]())
afterEach(async () => void (await one.agreed()))

const cli: DockerCli = (...args) => one.host.cli(...args)

/** Runs `work` for 0 to `count - 1`, six at a time. */
async function sixAtATime(count: number, work: (at: number) => Promise<unknown>): Promise<void> {
  const numbers = Array.from({ length: count }, (_, at) => at).values()
  const worker = async () => {
    for (const at of numbers) await work(at)
  }
  await Promise.all(Array.from({ length: 6 }, worker))
}

const remove = async (label: string) => {
  const ids = await cli('ps', '-aq', '--filter', `label=${label}`)
  if (ids !== '') await cli('rm', '-f', ...ids.split('\n'))
}

/** Networks take an engine most of the time of a start: one container of ten gets one of its own. */
const networkOf = (at: number) => ['--network', at % 10 === 0 ? 'bridge' : 'host']

test('a hundred containers started at once are all registered, and all gone', async () => {
  const image = ['--expose', '80', '--label', 'batch=many', 'busybox:1.37', 'sleep', '600']
  const names = Array.from({ length: 100 }, (_, at) => `many-${at}`)
  await sixAtATime(100, (at) =>
    cli('create', '--name', names[at] ?? '', ...networkOf(at), ...image),
  )
  const seen = await one.underLoad(async () => {
    await sixAtATime(10, (at) => cli('start', ...names.slice(at * 10, at * 10 + 10)))
    await one.agreed()
    await remove('batch=many')
    await one.agreed()
  })
  expect(seen.failures).toEqual([])
})

test('two hundred short runs leave no key behind', async () => {
  const image = ['--expose', '80', '--label', 'batch=brief', 'busybox:1.37']
  const lives = ['true', 'sleep 0.1', 'sleep 0.5']
  const rss = await memory()
  await sixAtATime(20, async (at) => {
    const command = ['sh', '-c', lives[at % lives.length] ?? 'true']
    const id = await cli('create', ...networkOf(at), ...image, ...command)
    for (let run = 0; run < 10; run++) {
      await cli('start', '-a', id)
    }
  })
  await one.agreed()
  await remove('batch=brief')
  expect((await memory()) - rss).toBeLessThan(60)
})

/** Resident memory of Portolan in MiB. */
async function memory(): Promise<number> {
  const status = await readFile(`/proc/${one.portolan.process.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}

test('the next container that gets an address never answers for the one before', async () => {
  for (let round = 0; round < 4; round++) {
    const [a, b] = [`first-${round}`, `next-${round}`]
    await using here = await one.web(a)
    await one.serves(a)
    const stop = new AbortController()
    const bodies = hammer(a, stop.signal)
    await cli('kill', here.id)
    await using _next = await one.web(b)
    await one.serves(b)
    stop.abort()
    expect(await bodies).not.toContain(b)
  }
})

/** All bodies that a host name gets, asked four at a time without a pause. */
async function hammer(name: string, stop: AbortSignal): Promise<Set<string>> {
  const seen = new Set<string>()
  const client = async () => {
    while (!stop.aborted) {
      // what was in flight at the one that is killed may be cut
      const body = one.body(name).catch(() => 'cut')
      const answer = await Promise.race([body, pause(200, 'no answer yet')])
      seen.add(answer)
    }
  }
  await Promise.all([client(), client(), client(), client()])
  return seen
}

test('HUP and USR1 change nothing: not a key is written', async () => {
  const before = await one.keysOf('/portolan/')
  const { revision } = await one.store.list('/', AbortSignal.timeout(5000))
  // the shell is the container's first process, which ignores what it has no handler for
  await cli('kill', '-s', 'HUP', 'stays')
  await cli('kill', '-s', 'USR1', 'stays')
  await pause(500)
  expect(await cli('inspect', '-f', '{{.State.Status}}', 'stays')).toBe('running')
  expect(await one.keysOf('/portolan/')).toEqual(before)
  expect((await one.store.list('/', AbortSignal.timeout(5000))).revision).toBe(revision)
  await one.serves('stays')
})

test('paused, unpaused, on and off a network: the store says so each time', async () => {
  await using here = await one.web('moves')
  await one.serves('moves')
  await cli('pause', here.id)
  await one.agreed()
  expect((await ask(one.portolan.proxyUrl, 'stays.localhost')).status).toBe(200)
  await cli('unpause', here.id)
  await one.agreed()
  await cli('network', 'create', 'aside')
  for (const how of ['connect', 'disconnect']) {
    await cli('network', how, 'aside', here.id)
    await one.agreed()
    await one.serves('moves')
  }
  await cli('network', 'rm', 'aside')
})

test('a container in a crash loop gets requests only after it has lasted, and harms no other', async () => {
  const script = 'mkdir -p /w; echo loops > /w/index.html; httpd -p 8000 -h /w; sleep 0.6; exit 1'
  const seen = await one.underLoad(async () => {
    await using _loops = await startContainer('loops', {
      cli,
      labels: { 'portolan.host': 'loops.localhost' },
      options: ['--restart', 'always', '--expose', '8000'],
      command: ['sh', '-c', script],
    })
    await eventually(async () => (await one.problems()).includes('starts and dies again'), 60_000)
    const [tablesBefore, restartsBefore] = [tables(), await restarts()]
    const states = await statesOf('loops', 4000)
    expect(states.has('ready')).toBe(false)
    expect(states.has('starting')).toBe(true)
    // each run comes, goes, and waits for the next; one more at each end of the time
    const runs = 2 + (await restarts()) - restartsBefore
    expect(tables() - tablesBefore).toBeLessThanOrEqual(3 * runs)
  })
  expect(seen.failures).toEqual([])
  await eventually(async () => !(await one.problems()).includes('starts and dies again'), 60_000)
})

/** All states that a container is seen in for `ms`. */
async function statesOf(container: string, ms: number): Promise<Set<unknown>> {
  const states = new Set<unknown>()
  const endMs = performance.now() + ms
  while (performance.now() < endMs) {
    const [found] = (await one.portolan.view('instances')).filter(({ name }) => name === container)
    if (found) states.add(found['state'])
    await pause(20)
  }
  return states
}

const tables = () => one.portolan.output().split('route table replaced').length
const restarts = async () => Number(await cli('inspect', '-f', '{{.RestartCount}}', 'loops'))

test('the engine killed and started without live-restore: what came back is there, and only that', async () => {
  await using _lost = await one.web('lost')
  await one.serves('lost')
  await one.fleet.hosts('kill', 'h1')
  await pause(1000)
  await one.fleet.hosts('start', 'h1')
  await one.serves('stays')
  await one.agreed()
  const names = (await one.portolan.view('instances')).map(({ name }) => name)
  expect(names).toEqual(['stays'])
})

test('etcd wiped: everything is there again, and no request fails', async () => {
  const seen = await one.underLoad(async () => {
    await one.etcd.replace()
    // our own client has to notice as well that it is another store
    await eventually(async () => plantForeign(one.store).then(() => true))
    await one.agreed()
  })
  expect(seen.failures).toEqual([])
})

test('etcd compacted while it was away: what happened meanwhile is not missed', async () => {
  await using here = await one.web('meanwhile')
  await one.agreed()
  await one.etcd.kill()
  await cli('kill', here.id)
  await using _two = await one.web('after')
  await one.etcd.start()
  const { revision } = await one.store.list('/', AbortSignal.timeout(5000))
  await one.etcd.ctl('compact', String(revision))
  await one.agreed()
})

test('killed, and started after its lease: the store is right as soon as it runs', async () => {
  await one.portolan.stop('SIGKILL')
  await using _more = await one.web('unseen')
  await eventually(async () => (await one.keysOf('/portolan/nodes/')).size === 0, 60_000)
  await one.start()
  await one.agreed()
  await one.serves('unseen')
})

test('a wall clock that jumps by a day and back costs no lease, and no write', async () => {
  const earlier = await leases()
  await one.portolan.stop('SIGKILL')
  await one.start({ env: { NODE_OPTIONS: jumping(4000, 86_400_000, 3000) } })
  // what the run before has left says the same
  await eventually(async () => (await leases()).isDisjointFrom(earlier), 60_000)
  await one.agreed()
  const before = await one.keysOf('/portolan/')
  await pause(8000)
  expect(await one.keysOf('/portolan/')).toEqual(before)
  await one.portolan.stop('SIGKILL')
  await one.start()
})

test('started again by a clock that was set back: it writes when the lease of the run before is over', async () => {
  await one.portolan.stop('SIGKILL')
  await one.start({ env: { NODE_OPTIONS: jumping(0, 86_400_000, 1e9) } })
  await one.agreed()
  await one.portolan.stop('SIGKILL')
  await one.start()
  await using _more = await one.web('later')
  await one.agreed()
})

/** Under which there are keys. */
async function leases(): Promise<ReadonlySet<string>> {
  const keys = await one.keysOf('/portolan/')
  return new Set([...keys.values()].flatMap(({ lease }) => (lease === '' ? [] : [lease])))
}

/** Node's flag for a process whose wall clock, after `afterMs`, is `byMs` ahead for `forMs`. */
function jumping(afterMs: number, byMs: number, forMs: number): string {
  const module =
    `const real = Date; const at = performance.now();` +
    `const ahead = () => { const now = performance.now() - at; return now >= ${afterMs} && now < ${afterMs + forMs} ? ${byMs} : 0 };` +
    `globalThis.Date = class extends real { constructor(...args) { if (args.length) super(...args); else super(real.now() + ahead()) } static now() { return real.now() + ahead() } };`
  return `--import=data:text/javascript,${encodeURIComponent(module)}`
}
