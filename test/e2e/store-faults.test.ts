import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import type { Change } from '../../src/store/store.ts'
import { containerId, instance } from '../core/samples.ts'
import { cuttingProxy } from '../store/cutting-proxy.ts'
import { plantForeign } from './agreement.ts'
import { type OneHost, startOneHost } from './one-host.ts'
import { eventually } from './portolan.ts'

/*
 * What an etcd and the way to it can suffer, and a node that sleeps through it. After each fault the store has to be
 * what the engine says, to the letter, and what the node shows of the others has to be what the store says.
 */

let one: OneHost

beforeAll(async () => {
  one = await startOneHost()
})
afterAll(async () => one?.[Symbol.asyncDispose]())
afterEach(async () => void (await one.agreed()))

/** Puts so many instances of a node `far`, with values of `size` characters and a service that tells them apart. */
async function putFar(service: string, count: number, size = 100): Promise<void> {
  const ids = Array.from({ length: count }, (_, at) =>
    containerId(at.toString(16).padStart(12, '0')),
  )
  const attributes = { filler: 'x'.repeat(size) }
  const puts = ids.map((container): Change => {
    const value = instance({ node: 'far', container, service, attributes })
    const key = `/portolan/instances/far/${container.slice(0, 12)}/3000`
    return { kind: 'put', key, value: JSON.stringify(value) }
  })
  await inPieces(puts)
}

async function removeFar(): Promise<void> {
  const keys = (await one.keysOf('/portolan/instances/far/')).keys()
  await inPieces([...keys].map((key): Change => ({ kind: 'delete', key })))
}

async function inPieces(changes: readonly Change[]): Promise<void> {
  for (let at = 0; at < changes.length; at += 100) {
    await one.store.apply(changes.slice(at, at + 100), {}, AbortSignal.timeout(10_000))
  }
}

/** Waits until the node shows so many instances of `far`, all of them of `service`. */
const showsFar = (service: string, count: number) =>
  eventually(async () => {
    const far = (await one.portolan.view('instances')).filter(({ node }) => node === 'far')
    return far.length === count && far.every((item) => item['service'] === service)
  }, 60_000)

/** Waits until our own client has noticed that it is another store. */
const answers = () => eventually(async () => (await one.keysOf('/')).size >= 0, 60_000)

test('etcd is restored from a snapshot: what came since is there again, what went since is not', async () => {
  await using before = await one.web('before')
  await one.agreed()
  await using backup = await one.etcd.saved()
  const seen = await one.underLoad(async () => {
    await one.host.cli('kill', before.id)
    await using _since = await one.web('since')
    await one.agreed()
    await one.etcd.replace(backup.path)
    await answers()
    await one.agreed()
    await one.serves('since')
  })
  expect(seen.failures).toEqual([])
})

for (const [how, isRestored] of [
  ['wiped', false],
  ['restored', true],
] as const) {
  test(`etcd is ${how}, and has overtaken the old one before the node looks`, async () => {
    await using backup = await one.etcd.saved()
    await using before = await one.web('before')
    await one.agreed()
    const { revision } = await one.store.list('/', AbortSignal.timeout(5000))
    one.portolan.process.kill('SIGSTOP')
    await one.host.cli('kill', before.id)
    await using _since = await one.web('since')
    await one.etcd.replace(isRestored ? backup.path : undefined)
    await answers()
    for (let at = 0; at < revision + 10; at++) await putFar(String(at), 1)
    if (!isRestored) await plantForeign(one.store)
    one.portolan.process.kill('SIGCONT')
    await showsFar(String(revision + 9), 1)
    await removeFar()
    await one.agreed()
    await one.serves('since')
  })
}

test('a node sleeps longer than its lease, through 300 events, 8 MB of changes and a compaction', async () => {
  await using gone = await one.web('gone')
  await one.serves('gone')
  one.portolan.process.kill('SIGSTOP')
  const signals = Array.from({ length: 6 }, async () => {
    for (let at = 0; at < 50; at++) await one.host.cli('kill', '-s', 'USR1', 'stays')
  })
  await putFar('many', 4000, 2000)
  await Promise.all(signals)
  await one.host.cli('kill', gone.id)
  await using _came = await one.web('came')
  await eventually(async () => (await one.keysOf('/portolan/nodes/')).size === 0, 60_000)
  const { revision } = await one.store.list('/portolan/nodes/', AbortSignal.timeout(5000))
  await one.etcd.ctl('compact', String(revision))
  one.portolan.process.kill('SIGCONT')
  await showsFar('many', 4000)
  await one.serves('came')
  await removeFar()
  await showsFar('many', 0)
})

test('the way to etcd breaks off in the middle of answers, again and again', async () => {
  await using proxy = await cuttingProxy(one.etcd.port, one.fleet.gateway)
  await one.start({ store: `etcd://${proxy.endpoint}` })
  const seen = await one.underLoad(async () => {
    for (const bytes of [200, 2000, 20_000, 200_000]) {
      proxy.cutAfter = bytes
      await using _brief = await one.web(`brief-${bytes}`)
      for (let at = 0; at < 3; at++) {
        proxy.cut()
        await putFar(`${bytes}-${at}`, 100, 500)
      }
    }
    proxy.cutAfter = undefined
    proxy.cut()
    await showsFar('200000-2', 100)
    await removeFar()
    await one.agreed()
  })
  expect(seen.failures).toEqual([])
  await one.start()
})
