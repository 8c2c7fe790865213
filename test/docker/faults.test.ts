import { setTimeout as pause } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { eventLine, type FakeEngine, fakeEngine } from './fake-engine.ts'
import { idOf, inspectJson } from './json.ts'
import { type Watching, watching } from './watching.ts'

const a = idOf('a1')
const b = idOf('b2')
/** Long enough for a busy machine: where no answer is late, none shall seem so. */
const quick = { callMs: 10_000, pingMs: 100 }
/** For answers that never come. */
const hasty = { callMs: 300, pingMs: 100 }

function add(engine: FakeEngine, id: string, changes: Parameters<typeof inspectJson>[1] = {}) {
  engine.containers.set(id, inspectJson(id, changes))
}

function ids(watch: Watching): string[] {
  const { current } = watch.docker.containers
  return current.kind === 'known' ? [...current.byId.keys()] : []
}

test('events are subscribed to before the list is read, and only GETs are sent', async () => {
  await using engine = await fakeEngine()
  add(engine, a)
  await using watch = watching({ host: engine.host, ...quick })
  await watch.known()
  const { requests } = engine
  const at = (start: string) => requests.findIndex((one) => one.startsWith(start))
  expect(at('GET /events')).toBeGreaterThan(-1)
  expect(at('GET /events')).toBeLessThan(at('GET /containers/json'))
  expect(decodeURIComponent(requests[at('GET /events')] ?? '')).toContain(
    'since=1767323045.500000000',
  )
  expect(requests.filter((one) => !one.startsWith('GET '))).toEqual([])
})

test('a list that is stale after a death revives nobody', async () => {
  await using engine = await fakeEngine()
  add(engine, a)
  await using watch = watching({ host: engine.host, safetyPassMs: 50, ...quick })
  await watch.known()
  add(engine, a, { State: { Status: 'exited' } })
  engine.emit('die', a)
  await watch.container(a, (one) => one === undefined)
  const published = watch.seen.length
  const lists = () => engine.requests.filter((one) => one.startsWith('GET /containers/json')).length
  const before = lists()
  await expect.poll(lists).toBeGreaterThan(before + 3)
  expect(watch.seen.slice(published).some(({ state }) => state.byId.has(a))).toBe(false)
})

test('an inspect that was under way when the container died does not revive it', async () => {
  await using engine = await fakeEngine()
  await using watch = watching({ host: engine.host, ...quick })
  await watch.known()
  add(engine, a)
  const asked = Promise.withResolvers<void>()
  engine.onInspect = async () => {
    asked.resolve()
    await pause(50)
  }
  // the answer is fixed only when the inspect ends, so the engine still says "running"
  engine.emit('start', a)
  await asked.promise
  engine.emit('die', a)
  await pause(60)
  engine.containers.delete(a)
  await pause(400)
  expect(watch.seen.some(({ state }) => state.byId.has(a))).toBe(false)
})

test('a death takes effect while no API call gets an answer', async () => {
  await using engine = await fakeEngine()
  add(engine, a)
  add(engine, b)
  await using watch = watching({ host: engine.host, callMs: 60_000 })
  await watch.known()
  engine.faults.set('/containers', 'hang')
  engine.emit('kill', b, { signal: '15' })
  engine.emit('die', a)
  const start = performance.now()
  await watch.known(({ byId }) => !byId.has(a) && byId.get(b)?.draining === true)
  expect(performance.now() - start).toBeLessThan(30_000)
})

test('a lost death is found by the safety pass, and a lost start too', async () => {
  await using engine = await fakeEngine()
  add(engine, a)
  await using watch = watching({ host: engine.host, safetyPassMs: 200, ...quick })
  await watch.known()
  engine.containers.delete(a)
  add(engine, b)
  await watch.known(({ byId }) => !byId.has(a) && byId.has(b))
})

test('lines may be cut anywhere, in the middle of a character too', async () => {
  await using engine = await fakeEngine()
  await using watch = watching({ host: engine.host, ...quick })
  await watch.known()
  add(engine, a)
  const line = eventLine('start', a, { name: 'ä€🚢' }, 1_800_000_000_000_000_001n)
  for (const half of [line.slice(0, 30), line.slice(30)]) {
    engine.send(half)
    await pause(20)
  }
  expect(ids(watch)).toEqual([])
  engine.send('\n')
  await watch.container(a, (one) => one !== undefined)
})

test('a line that is no event is skipped, and everything is read again', async () => {
  await using engine = await fakeEngine()
  await using watch = watching({ host: engine.host, ...quick })
  await watch.known()
  add(engine, a)
  engine.send('{"Type":"container"\n')
  await watch.container(a, (one) => one !== undefined)
  expect(engine.readers()).toBe(1)
})

test('a stream that is cut is opened again from the last event on', async () => {
  await using engine = await fakeEngine()
  add(engine, a)
  await using watch = watching({ host: engine.host, ...quick })
  await watch.known()
  engine.emit('kill', a, { signal: '1' })
  await pause(50)
  engine.cutStreams()
  engine.containers.delete(a)
  await watch.container(a, (one) => one === undefined)
  const opened = engine.requests.filter((one) => one.startsWith('GET /events'))
  expect(opened.length).toBe(2)
  expect(opened[1]).toContain('since=1790000000.001000000')
})

test('an event that is given again after a reconnect acts once', async () => {
  await using engine = await fakeEngine()
  add(engine, a)
  await using watch = watching({ host: engine.host, ...quick })
  await watch.known()
  const line = `${eventLine('die', a, {}, 1_800_000_000_000_000_001n)}\n`
  engine.send(line)
  await watch.container(a, (one) => one === undefined)
  await watch.container(a, (one) => one !== undefined)
  const published = watch.seen.length
  engine.cutStreams()
  await watch.down()
  await watch.up()
  engine.send(line)
  await pause(100)
  expect(watch.seen.length).toBe(published)
})

test('an engine that only stays silent is given up after two pings, and its state stays', async () => {
  await using engine = await fakeEngine()
  add(engine, a)
  await using watch = watching({ host: engine.host, callMs: 200, pingMs: 100 })
  await watch.known()
  for (const path of ['/_ping', '/version', '/containers']) engine.faults.set(path, 'hang')
  const { reason } = await watch.down()
  expect(reason).toContain('GET /_ping got no answer within 200 ms')
  expect(ids(watch)).toEqual([a])
  engine.faults.clear()
  await watch.up()
})

for (const [fault, path, pattern] of [
  [403, '/events', /allow GET \/containers, \/networks, \/events, \/version, \/info and \/_ping/],
  [403, '/info', /allow GET/],
  [500, '/containers/json', /HTTP 500.*journalctl/],
  ['hang', '/containers/json', /no answer within 300 ms/],
  ['cut', '/containers/json', /no answer within 300 ms/],
] as const) {
  test(`${fault} at ${path} is told with its remedy, once, and is recovered from`, async () => {
    await using engine = await fakeEngine()
    add(engine, a)
    engine.faults.set(path, fault)
    await using watch = watching({ host: engine.host, ...hasty })
    await watch.down(pattern)
    await pause(1000)
    expect(watch.docker.containers.current.kind).toBe('unknown')
    expect(watch.logged.length).toBe(1)
    engine.faults.clear()
    await watch.up()
    expect(ids(watch)).toEqual([a])
  })
}

test('inspects that fail because the engine went away make no empty state', async () => {
  await using engine = await fakeEngine()
  add(engine, a)
  engine.faults.set(`/containers/${a}`, 'hang')
  engine.faults.set('/_ping', 'hang')
  await using watch = watching({ host: engine.host, callMs: 200 })
  await watch.down()
  expect(watch.docker.containers.current.kind).toBe('unknown')
  engine.faults.clear()
  await watch.container(a, (one) => one !== undefined)
})

test('one container that can not be read stops no other, and comes when it can be', async () => {
  await using engine = await fakeEngine()
  add(engine, a)
  add(engine, b)
  engine.faults.set(`/containers/${a}`, 500)
  await using watch = watching({ host: engine.host, ...quick })
  await watch.known()
  expect(ids(watch)).toEqual([b])
  expect(watch.logged.filter((line) => line.includes('could not be read')).length).toBe(1)
  engine.faults.clear()
  await watch.container(a, (one) => one !== undefined)
})

test('a kill that nothing follows is taken back after the stop timeout and 2 s', async () => {
  await using engine = await fakeEngine()
  add(engine, a, { Config: { StopTimeout: 0, StopSignal: 'SIGUSR1' } })
  await using watch = watching({ host: engine.host, ...quick })
  await watch.known()
  engine.emit('kill', a, { signal: '10' })
  await watch.container(a, (one) => one?.draining === true)
  engine.emit('rename', a)
  await pause(200)
  expect(watch.seen.at(-1)?.state.byId.get(a)?.draining).toBe(true)
  const start = performance.now()
  await watch.container(a, (one) => one?.draining === false)
  expect(performance.now() - start).toBeGreaterThan(1500)
})

test('another engine at the same address replaces the state', async () => {
  await using engine = await fakeEngine()
  add(engine, a)
  await using watch = watching({ host: engine.host, ...quick })
  await watch.known()
  engine.id = 'engine-2'
  engine.containers.clear()
  add(engine, b)
  engine.cutStreams()
  const state = await watch.known(({ engine: { id } }) => id === 'engine-2')
  expect([...state.byId.keys()]).toEqual([b])
})

test('200 starts at once are published in a few states', async () => {
  await using engine = await fakeEngine()
  await using watch = watching({ host: engine.host, ...quick })
  await watch.known()
  const many = Array.from({ length: 200 }, (_, index) =>
    idOf(`c${index.toString(16).padStart(4, '0')}`),
  )
  let most = 0
  let running = 0
  engine.onInspect = async () => {
    most = Math.max(most, ++running)
    await pause(2)
    running--
  }
  for (const id of many) {
    add(engine, id)
    engine.emit('start', id)
  }
  await watch.known(({ byId }) => byId.size === many.length)
  expect(watch.seen.length).toBeLessThan(many.length / 2)
  expect(most).toBeLessThanOrEqual(8)
})

test('stopping is prompt while the engine hangs', async () => {
  await using engine = await fakeEngine()
  engine.faults.set('/', 'hang')
  const start = performance.now()
  {
    await using _ = watching({ host: engine.host, callMs: 60_000 })
    await expect.poll(() => engine.requests.length).toBeGreaterThan(0)
  }
  expect(performance.now() - start).toBeLessThan(30_000)
})
