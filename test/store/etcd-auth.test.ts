import { setTimeout as pause } from 'node:timers/promises'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { etcdStore } from '../../src/store/etcd/etcd.ts'
import { take } from './contract.ts'
import { docker, type EtcdServer, startEtcd } from './etcd-server.ts'
import { eventually } from './eventually.ts'
import { expectEqual, following, never, putAll } from './following.ts'

const stack = new AsyncDisposableStack()
let server: EtcdServer

beforeAll(async () => {
  server = stack.use(await startEtcd({ flags: ['--auth-token-ttl=2'] }))
  await server.ctl('user', 'add', 'root:pw')
  await server.ctl('user', 'grant-role', 'root', 'root')
  await server.ctl('user', 'add', 'guest:pw')
  await server.ctl('role', 'add', 'reader')
  await server.ctl('role', 'grant-permission', '--prefix=true', 'reader', 'readwrite', '/ours/')
  await server.ctl('user', 'grant-role', 'guest', 'reader')
  await server.ctl('auth', 'enable')
})
afterAll(() => stack.disposeAsync())

test.concurrent('a store that lay idle until its token expired logs in again', async () => {
  const options = { endpoints: [server.endpoint], user: 'root', password: 'pw' }
  await using store = etcdStore(options)
  await using watcher = etcdStore(options)
  const { revision } = await store.list('/idle/', never)
  await watcher.list('/idle/', never)
  await pause(3600)
  await putAll(store, { '/idle/a': '1' })
  // the watch that was refused is lost, but only that one
  await expect(take(watcher, '/idle/', revision, 1)).rejects.toMatchObject({ code: 'store-down' })
  expect(await take(watcher, '/idle/', revision, 1)).toHaveLength(1)
})

test.concurrent('a user with no right to the epoch key works on its own prefix, and is told so elsewhere', async () => {
  await using store = etcdStore({ endpoints: [server.endpoint], user: 'guest', password: 'pw' })
  await using one = await following(store, '/ours/')
  await putAll(store, { '/ours/a': '1' })
  await expectEqual(one, store, '/ours/')
  expect(one.errors).toEqual([])
  await expect(putAll(store, { '/theirs': '1' })).rejects.toMatchObject({
    code: 'store-refused',
    message: /permission denied.*readwrite/,
  })
})

test.concurrent('a wrong password and a missing user are said with the setting to change, without the password', async () => {
  await using wrong = etcdStore({ endpoints: [server.endpoint], user: 'root', password: 'secret' })
  await using none = etcdStore({ endpoints: [server.endpoint] })
  for (const store of [wrong, none]) {
    const said = await store.list('/', never).catch((error: unknown) => error)
    expect(said).toMatchObject({ code: 'store-refused', message: /--etcd-user/ })
    expect(String(said)).not.toContain('secret')
  }
})

test.concurrent('a user is no hindrance where etcd runs without authentication', async () => {
  await using open = await startEtcd()
  await using store = etcdStore({ endpoints: [open.endpoint], user: 'root', password: 'pw' })
  await putAll(store, { '/a': '1' })
  expect((await store.list('/a', never)).entries.size).toBe(1)
})

test('a watch comes back after etcd has forgotten its token, and loses nothing', async () => {
  await using direct = etcdStore({ endpoints: [server.endpoint], user: 'root', password: 'pw' })
  await using store = etcdStore({ endpoints: [server.endpoint], user: 'root', password: 'pw' })
  await using one = await following(store, '/token/')
  // tokens live in etcd's memory
  await server.kill()
  await docker('start', server.container)
  await eventually(async () => await putAll(direct, { '/token/a': '1' }))
  await expectEqual(one, direct, '/token/')
  expect(one.mirror.entries.size).toBe(1)
})
