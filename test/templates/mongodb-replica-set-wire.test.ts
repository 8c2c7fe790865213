import { MongoClient } from 'mongodb'
import { expect, onTestFinished, test } from 'vitest'

import { type Ask, pass } from '../../templates/mongodb-replica-set/replica-set-pass.cjs'
import type { Memory } from '../../templates/mongodb-replica-set/replica-set-steps.cjs'
import { type Network, round } from './mongod/network.ts'
import { listening } from './mongod/wire.ts'

/** Runs commands through the official driver, as mongosh does, which is made of it. */
function driverAsk(): Ask {
  const clients = new Map<string, MongoClient>()
  onTestFinished(async () => {
    await Promise.all([...clients.values()].map((one) => one.close()))
  })
  return async (host, command) => {
    const uri = `mongodb://${host}/?directConnection=true&serverSelectionTimeoutMS=2000`
    const client = clients.get(host) ?? clientOf(uri)
    clients.set(host, client)
    return client.db('admin').command(command)
  }
}

const clientOf = (uri: string) => new MongoClient(uri, { heartbeatFrequencyMS: 500 })

/** Three mongods, one of them on IPv6, and the passes of a side-car over them. */
async function scene() {
  const network: Network = new Map()
  const hosts: string[] = []
  for (const ip of ['127.0.0.1', '::1', '127.0.0.1']) hosts.push(await listening(network, ip))
  const [first = ''] = hosts
  const memory = { current: { missing: {} } as Memory }
  const ask = driverAsk()
  const done: string[] = []
  /** Until all is as it ought to be; ten seconds lie between two passes. */
  const passes = async (wantedHosts: readonly string[], startMs = 0) => {
    const members = wantedHosts.map((host) => ({ host, key: `h1/${host}` }))
    const wanted = { name: 'rs0', minimum: 2, graceMs: 15_000, members, first }
    for (let now = startMs; now < startMs + 1_000_000; now += 10_000) {
      const options = { ask, wanted, memory: memory.current, now }
      const step = await pass(options, (known) => (memory.current = known))
      done.push(step.do === 'wait' ? `wait: ${step.why}` : step.do)
      round(network)
      if (step.do === 'nothing') return
    }
  }
  return { network, hosts, first, done, passes }
}

test('the official driver carries each step, and finds the set and its primary', async () => {
  const { network, hosts, first, done, passes } = await scene()
  await passes(hosts)
  expect(done.filter((one) => !one.startsWith('wait'))).toEqual([
    'initiate',
    ...Array(4).fill('reconfig'),
    'nothing',
  ])
  const client = clientOf(`mongodb://${hosts[2]}/?replicaSet=rs0`)
  onTestFinished(() => client.close())
  let seen: readonly string[] = []
  client.on('topologyDescriptionChanged', ({ newDescription }) => {
    seen = [...newDescription.servers.keys()]
  })
  const at = async () => (await client.db('admin').command({ ping: 1 }))['by'] as unknown
  expect(await at()).toBe(first)
  expect(seen.toSorted()).toEqual(hosts.toSorted())

  // the primary ends; the others elect one of them, and the driver follows
  const old = network.get(first)
  if (old) old.up = false
  round(network)
  await expect.poll(at).not.toBe(first)
  await client.db('shop').collection('carts').insertOne({ of: 'ann' })
})

test('a lost member is replaced by one that takes over its place, not its _id', async () => {
  const { network, hosts, first, passes, done } = await scene()
  await passes(hosts)
  const [, , gone = ''] = hosts
  network.get(gone)!.up = false
  const spare = await listening(network, '127.0.0.1')
  const left = hosts.map((host) => (host === gone ? spare : host))
  await passes(left, 10_000_000)
  expect(done.at(-1)).toBe('nothing')
  expect(
    network.get(first)?.config?.members.map(({ _id, host, votes }) => [_id, host, votes]),
  ).toEqual([
    [1, first, 1],
    [2, hosts[1], 1],
    [4, spare, 1],
  ])
})

test('a change that somebody else was faster with is refused by the server, and does no harm', async () => {
  const { network, hosts, first, passes } = await scene()
  await passes(hosts)
  const config = network.get(first)?.config
  const ask = driverAsk()
  await ask(first, { replSetReconfig: { ...config, version: 9 } })
  const late = ask(first, { replSetReconfig: { ...config, version: 9 } })
  await expect(late).rejects.toMatchObject({ codeName: 'NewReplicaSetConfigurationIncompatible' })
  const twice = ask(first, { replSetInitiate: { _id: 'rs0', version: 1, members: [] } })
  await expect(twice).rejects.toMatchObject({ code: 23, codeName: 'AlreadyInitialized' })
})
