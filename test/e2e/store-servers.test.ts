import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { etcdStore } from '../../src/store/etcd/etcd.ts'
import type { Store } from '../../src/store/store.ts'
import { certificates } from '../store/certificates.ts'
import { type EtcdServer, startEtcd } from '../store/etcd-server.ts'
import { type Members, startMembers } from '../store/members.ts'
import { plantForeign } from './agreement.ts'
import { docker } from './docker.ts'
import { leaseMs, type OneHost, startOneHost } from './one-host.ts'
import { eventually } from './portolan.ts'

/*
 * Stores of other kinds than a single etcd that everybody may use, and what only they can suffer.
 */

const stack = new AsyncDisposableStack()
let one: OneHost
let members: Members

beforeAll(async () => {
  one = stack.use(await startOneHost())
  members = stack.use(await startMembers())
})
afterAll(() => stack.disposeAsync())

type Harm = (leader: EtcdServer) => Promise<void>

/** The lease of the host's node. */
const leaseIn = async (store: Store) => {
  const key = '/portolan/nodes/h1'
  return (await store.list(key, AbortSignal.timeout(10_000))).entries.get(key)?.lease
}

const at = (...servers: readonly EtcdServer[]) =>
  servers.map(({ port }) => `${one.fleet.gateway}:${port}`).join()

test('a full etcd: local routing goes on, the lease is kept, the remedy is said, and it heals', async () => {
  await using etcd = await startEtcd({ flags: ['--quota-backend-bytes=1048576'] })
  await using store = etcdStore({ endpoints: [etcd.endpoint] })
  await plantForeign(store)
  await one.start({ store: `etcd://${at(etcd)}` })
  await using gone = await one.web('gone')
  await one.agreed(store)
  const lease = await leaseIn(store)
  const fill = { kind: 'put', key: '/filler', value: 'x'.repeat(100_000) } as const
  await eventually(async () => {
    const full = store.apply([fill], {}, AbortSignal.timeout(5000)).then(() => '', String)
    return (await full).includes('space exceeded')
  }, 60_000)

  await using _came = await one.web('came')
  await one.serves('came')
  await eventually(async () => (await one.problems()).includes('etcdctl alarm disarm'))
  await one.host.cli('kill', gone.id)
  await new Promise((resolve) => setTimeout(resolve, 2 * leaseMs))
  expect(await leaseIn(store)).toBe(lease)
  expect((await store.list('/services/gone/', AbortSignal.timeout(5000))).entries.size).toBe(0)

  await etcd.ctl('del', '/filler')
  const { revision } = await store.list('/', AbortSignal.timeout(5000))
  await etcd.ctl('compact', String(revision))
  await etcd.ctl('defrag')
  await etcd.ctl('alarm', 'disarm')
  await one.agreed(store)
  expect(await one.problems()).not.toContain('etcdctl alarm disarm')
})

test('an etcd with users that forgets its tokens: the node logs in again', async () => {
  await using etcd = await startEtcd({ flags: ['--auth-token-ttl=2'] })
  await using folder = await certificates([])
  const file = join(folder.folder, 'password')
  await writeFile(file, 'pw\n')
  for (const name of ['root', 'portolan']) await etcd.ctl('user', 'add', `${name}:pw`)
  await etcd.ctl('user', 'grant-role', 'root', 'root')
  await etcd.ctl('role', 'add', 'ours')
  for (const prefix of ['/portolan/', '/services/'])
    await etcd.ctl('role', 'grant-permission', '--prefix=true', 'ours', 'readwrite', prefix)
  await etcd.ctl('user', 'grant-role', 'portolan', 'ours')
  await etcd.ctl('auth', 'enable')
  await using store = etcdStore({ endpoints: [etcd.endpoint], user: 'root', password: 'pw' })
  await plantForeign(store)
  const login = ['--etcd-user', 'portolan', '--etcd-password-file', file]
  await one.start({ store: `etcd://${at(etcd)}`, args: login })
  await using before = await one.web('before')
  await one.agreed(store)
  await etcd.kill()
  await one.host.cli('kill', before.id)
  await using _after = await one.web('after')
  await docker('start', etcd.container)
  await one.agreed(store)
})

test('an etcd with TLS, by its address; and one whose certificate nobody trusts is said to be so', async () => {
  await using made = await certificates(['127.0.0.1', one.fleet.gateway])
  await using etcd = await startEtcd({ tls: made })
  await using store = etcdStore({ endpoints: [etcd.endpoint], tls: { ca: made.ca } })
  await plantForeign(store)
  const url = `etcds://${at(etcd)}`
  await one.start({ store: url, args: ['--etcd-ca', join(made.folder, 'ca.pem')] })
  await one.agreed(store)
  await one.start({ store: url, args: ['--etcd-ca', join(made.folder, 'other.pem')], ready: false })
  await one.serves('stays')
  await eventually(async () => (await one.problems()).includes('certificate'))
})

for (const [what, hurt, heal] of [
  ['the leader is killed', (leader) => leader.kill(), (leader) => leader.start()],
  ['the leader is frozen', (leader) => leader.freeze(), (leader) => leader.thaw()],
  [
    'the leader is cut off from the others, not from its clients',
    (leader) => members.part(leader),
    (leader) => members.rejoin(leader),
  ],
] satisfies [string, Harm, Harm][]) {
  test(`of three members ${what}: the lease is kept, and no request fails`, async () => {
    await eventually(() => members.areHealthy(), 60_000)
    const { leader, others } = await members.leader()
    // the one that is going to fail is the first that is asked
    const url = `etcd://${at(leader, ...others)}`
    await using store = etcdStore({ endpoints: others.map(({ endpoint }) => endpoint) })
    await plantForeign(store)
    await one.start({ store: url, lease: '15s' })
    await using gone = await one.web('gone')
    await one.agreed(store)
    const lease = (await leaseIn(store)) ?? ''
    const seen = await one.underLoad(async () => {
      await hurt(leader)
      try {
        await one.host.cli('kill', gone.id)
        await using _came = await one.web('came')
        await one.serves('came')
        await one.agreed(store)
        expect(await leaseIn(store)).toBe(lease)
      } finally {
        await heal(leader)
      }
    })
    expect(seen.failures).toEqual([])
    await one.agreed(store)
  })
}
