import { setTimeout as pause } from 'node:timers/promises'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { docker, startContainer, type TestContainer, webCommand } from './docker.ts'
import { type Etcd, startEtcd } from './etcd.ts'
import { ask, underLoad } from './load.ts'
import { eventually, type Running, startPortolan } from './portolan.ts'

const leaseSeconds = 5
let etcd: Etcd
let web: TestContainer

beforeAll(async () => {
  etcd = await startEtcd('e2e-etcd')
  web = await startContainer('e2e-kept', {
    labels: { 'portolan.host': 'kept.localhost', 'portolan.service': 'kept' },
    options: ['--expose', '8000'],
    command: webCommand('kept'),
  })
})
afterAll(async () => {
  await web[Symbol.asyncDispose]()
  await etcd[Symbol.asyncDispose]()
})

const start = (...args: string[]) =>
  startPortolan({
    args: ['--store', etcd.url, '--lease', `${leaseSeconds}s`, '--node', 'n1', ...args],
  })

const instanceKey = (id: string) => `/portolan/instances/n1/${id.slice(0, 12)}/8000`
const plainKey = '/services/kept/n1:e2e-kept:8000'

const registered = () =>
  eventually(async () => {
    const [ours, plain] = [await etcd.keys('/portolan/'), await etcd.keys('/services/')]
    return ours.has('/portolan/nodes/n1') && ours.has(instanceKey(web.id)) && plain.has(plainKey)
  }, 60_000)

const serves = (running: Running) =>
  eventually(async () => (await ask(running.proxyUrl, 'kept.localhost')).status === 200)

test('the store holds node, instance and plain entry, all under one lease', async () => {
  await using running = await start()
  await registered()
  const all = new Map(
    (
      await Promise.all(
        ['/portolan/nodes/', '/portolan/instances/', '/services/'].map((under) => etcd.keys(under)),
      )
    )
      .map((keys) => [...keys])
      .flat(),
  )
  const leases = new Set([...all.values()].map(({ lease }) => lease))
  expect(leases.size).toBe(1)
  expect(leases.has('0')).toBe(false)
  expect(all.get(plainKey)?.value).toMatch(/^(\d+\.){3}\d+:8000$/)
  expect(JSON.parse(all.get(instanceKey(web.id))?.value ?? '')).toMatchObject({
    v: 1,
    service: 'kept',
    project: '-',
    node: 'n1',
    container: web.id,
    state: 'ready',
    routes: [{ entrypoints: ['http', 'https'], rule: 'Host(`kept.localhost`)' }],
  })
  expect(await running.stop()).toBe(0)
})

test('an idle node writes nothing, and a change is one revision', async () => {
  await using _running = await start()
  await registered()
  // one read, so that both are seen as of one revision
  const ours = async (id: string, plain: string) => {
    const all = await etcd.keys('/')
    return [instanceKey(id), plain].map((key) => all.get(key))
  }
  const before = await ours(web.id, plainKey)
  await pause(2 * leaseSeconds * 1000)
  expect(await ours(web.id, plainKey)).toEqual(before)

  await using more = await startContainer('e2e-more', {
    labels: { 'portolan.service': 'more' },
    options: ['--expose', '8000'],
    command: webCommand('more'),
  })
  const moreKey = '/services/more/n1:e2e-more:8000'
  await eventually(async () => (await etcd.keys('/services/')).has(moreKey))
  const [instance, plain] = await ours(more.id, moreKey)
  expect(plain?.revision).toBe(instance?.revision)
  expect([instance?.writes, plain?.writes]).toEqual(['1', '1'])
})

test('keys of somebody else survive all that we do', async () => {
  const theirs = ['/services/kept/n1:by-hand:80', '/services/kept/n2:x:80', '/portolan/other/x']
  for (const key of theirs) await etcd.ctl('put', key, '10.0.0.1:80')
  {
    await using running = await start()
    await registered()
    await running.stop()
  }
  for (const key of theirs) {
    expect((await etcd.keys(key)).get(key)?.value).toBe('10.0.0.1:80')
    await etcd.ctl('del', key)
  }
})

test('a hand-written route leads to a fixed address', async () => {
  const ip = await docker(
    'inspect',
    '-f',
    '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
    web.id,
  )
  const endpoints = [{ protocol: 'http', ip, port: 8000 }]
  const route = { v: 1, entrypoints: ['http'], rule: 'Host(`old.localhost`)', endpoints }
  await using running = await start()
  await etcd.ctl('put', '/portolan/routes/old', JSON.stringify(route))
  await eventually(
    async () => (await ask(running.proxyUrl, 'old.localhost')).body.trim() === 'kept',
  )
  await etcd.ctl('del', '/portolan/routes/old')
})

test('etcd killed for a while under load: no request fails, and all is right again', async () => {
  await using running = await start()
  await registered()
  await serves(running)
  const seen = await underLoad(running.proxyUrl, 'kept.localhost', 25, async () => {
    await docker('kill', '-s', 'KILL', etcd.id)
    await pause(3000)
    await docker('start', etcd.id)
    await registered()
  })
  expect(seen.failures).toEqual([])
  expect((await fetch(`${running.adminUrl}/readyz`)).status).toBe(200)
})

test('etcd frozen for longer than the lease: no request fails, everything is put again', async () => {
  await using running = await start()
  await registered()
  await serves(running)
  const seen = await underLoad(running.proxyUrl, 'kept.localhost', 25, async () => {
    await docker('pause', etcd.id)
    await pause((leaseSeconds + 2) * 1000)
    const ready = await fetch(`${running.adminUrl}/readyz`)
    expect(ready.status).toBe(200)
    expect(JSON.stringify(await ready.json())).toContain('degraded')
    await docker('unpause', etcd.id)
    await pause(500)
    await registered()
  })
  expect(seen.failures).toEqual([])
})

test('killed and started again within the lease, no key is ever deleted', async () => {
  const first = await start()
  await registered()
  const before = await etcd.keys('/portolan/instances/n1/')
  await first.stop('SIGKILL')
  await using second = await start()
  await serves(second)
  await eventually(async () => {
    const now = (await etcd.keys('/portolan/instances/n1/')).get(instanceKey(web.id))
    return now !== undefined && now.lease !== before.get(instanceKey(web.id))?.lease
  })
  await pause((leaseSeconds + 1) * 1000)
  await registered()
})

test('killed for good, its entries are gone after the lease', async () => {
  const running = await start()
  await registered()
  await running.stop('SIGKILL')
  const took = await eventually(
    async () => (await etcd.keys('/portolan/nodes/')).size === 0,
    60_000,
  )
  expect(took).toBeGreaterThan(500)
  expect((await etcd.keys('/services/')).size).toBe(0)
})

test('leave takes everything of this node out of the store, and nothing writes it again', async () => {
  // so long that nothing goes by itself
  await using running = await start('--lease', '120s')
  await registered()
  expect((await fetch(`${running.adminUrl}/v1/leave`, { method: 'POST' })).ok).toBe(true)
  await eventually(async () => (await etcd.keys('/portolan/nodes/')).size === 0)
  expect((await etcd.keys('/portolan/instances/')).size).toBe(0)
  await pause(500)
  expect((await etcd.keys('/services/')).size).toBe(0)
  expect(running.output()).toContain('nothing of this node is registered any more')
  expect(running.output()).not.toContain('the lease was lost')
})

test('a newer process of the same node takes over at once, the older one stops writing', async () => {
  await using older = await start()
  await registered()
  await using newer = await start()
  await eventually(async () => older.output().includes('stopped writing'))
  await using more = await startContainer('e2e-after', {
    options: ['--expose', '8000'],
    command: webCommand('after'),
  })
  await eventually(async () => (await etcd.keys('/portolan/instances/')).has(instanceKey(more.id)))
  await older.stop()
  await pause(500)
  expect((await etcd.keys('/portolan/instances/')).has(instanceKey(more.id))).toBe(true)
  await serves(newer)
})

test('etcd away at the start: local containers are routed, the store follows when it comes', async () => {
  await docker('stop', '-t', '1', etcd.id)
  try {
    await using running = await startPortolan({
      args: ['--store', etcd.url, '--lease', '5s', '--node', 'n1'],
      ready: false,
    })
    await serves(running)
    expect((await ask(running.proxyUrl, 'nobody.localhost')).status).toBe(503)
    await docker('start', etcd.id)
    await registered()
    await eventually(async () => (await ask(running.proxyUrl, 'nobody.localhost')).status === 404)
  } finally {
    await docker('start', etcd.id)
  }
})
