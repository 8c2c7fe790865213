import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { etcdStore } from '../../src/store/etcd/etcd.ts'
import { type EtcdServer, startEtcd } from './etcd-server.ts'
import { never, putAll } from './following.ts'

const run = promisify(execFile)
const stack = new AsyncDisposableStack()
let server: EtcdServer
let ca: string
let otherCa: string

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'portolan-'))
  stack.defer(() => rm(folder, { recursive: true }))
  const openssl = (...args: readonly string[]) => run('openssl', args, { cwd: folder })
  const read = (name: string) => readFile(join(folder, name), 'utf8')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  for (const name of ['ca', 'other']) {
    const out = ['-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '2']
    await openssl('req', '-x509', ...key, ...out, '-subj', `/CN=${name}`)
  }
  await openssl('req', ...key, '-keyout', 'key.pem', '-out', 'csr', '-subj', '/CN=etcd')
  await writeFile(join(folder, 'names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1')
  const sign = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names']
  await openssl('x509', '-req', '-in', 'csr', '-out', 'cert.pem', '-days', '2', ...sign)
  ;[ca, otherCa] = [await read('ca.pem'), await read('other.pem')]
  server = stack.use(
    await startEtcd({ tls: { cert: await read('cert.pem'), key: await read('key.pem') } }),
  )
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
