import { afterAll, beforeAll, expect, test } from 'vitest'

import { etcdStore } from '../../src/store/etcd/etcd.ts'
import { certificates } from './certificates.ts'
import { type EtcdServer, startEtcd } from './etcd-server.ts'
import { never, putAll } from './following.ts'

const stack = new AsyncDisposableStack()
let server: EtcdServer
let ca: string
let otherCa: string

beforeAll(async () => {
  const made = stack.use(await certificates(['127.0.0.1']))
  ;({ ca, otherCa } = made)
  server = stack.use(await startEtcd({ tls: made }))
})
afterAll(() => stack.disposeAsync())

for (const host of ['localhost', '127.0.0.1']) {
  test(`TLS to ${host} works when the certificate has that name`, async () => {
    await using store = etcdStore({ endpoints: [`${host}:${server.port}`], tls: { ca } })
    await putAll(store, { '/a': host })
    expect((await store.list('/a', never)).entries.get('/a')?.value).toBe(host)
  })
}

test('an address that the certificate has not is refused', async () => {
  // the port is published on the whole loopback net? then this is another address of it
  await using store = etcdStore({ endpoints: [`127.0.0.2:${server.port}`], tls: { ca } })
  await expect(store.list('/', never)).rejects.toMatchObject({
    code: 'store-down',
    message: /127\.0\.0\.2 is not in the cert/,
  })
})

test('a certificate of another authority is refused, and said to be', async () => {
  await using store = etcdStore({ endpoints: [`localhost:${server.port}`], tls: { ca: otherCa } })
  await expect(store.list('/', never)).rejects.toMatchObject({
    code: 'store-down',
    message: /certificate/,
  })
})

test('plain text to a TLS port fails in time', async () => {
  await using store = etcdStore({ endpoints: [server.endpoint] })
  await expect(store.list('/', never)).rejects.toMatchObject({ code: 'store-down' })
})
