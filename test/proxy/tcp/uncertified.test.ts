import { afterAll, beforeAll, expect, test } from 'vitest'

import { readCertificate } from '../../../src/certs/read.ts'
import type { CertificateSet } from '../../../src/core/certificate.ts'
import { live } from '../../../src/core/live.ts'
import { authority } from '../../certs/authority.ts'
import { database, tcpBed, until } from './bed.ts'

let ca: Awaited<ReturnType<typeof authority>>

beforeAll(async () => {
  ca = await authority()
}, 60_000)
afterAll(() => ca[Symbol.asyncDispose]())

async function certificate(name: string, host: string) {
  const { cert, key } = await ca.certificate({ names: [`DNS:${host}`], common: host })
  return readCertificate({ name, source: 'folder' }, { chain: cert, key })
}

const ended = { passthrough: false, domains: [] }
const rule = 'HostSNI(`a.test`) || HostSNI(`b.test`)'

test('a name whose TLS ends here without a certificate is a problem until there is one', async () => {
  const certificates = live<CertificateSet>([await certificate('a', 'a.test')])
  await using proxy = await tcpBed({ certificates })
  proxy.set(database({ routes: [{ rule, tls: ended }] }))
  await until(() => proxy.problems().length === 1)
  expect(proxy.problems()).toEqual([
    {
      severity: 'error',
      where: 'container shop-db-1',
      what: 'no certificate is good for b.test',
      why: 'its clients are refused, for no other one is good for them and there is no default',
      remedy: 'put b.test.crt and b.test.key into the folder of --certs, or it into the store',
    },
  ])
  certificates.set([...certificates.current, await certificate('default', 'z.test')])
  await until(() => proxy.problems()[0]?.severity === 'warning')
  expect(proxy.problems()[0]?.why).toMatch(/get the default certificate/)
  certificates.set([...certificates.current, await certificate('b', 'b.test')])
  await until(() => proxy.problems().length === 0)
})

test('routes that pass TLS on need none, and those that are gone none any more', async () => {
  const certificates = live<CertificateSet>([await certificate('b', 'b.test')])
  await using proxy = await tcpBed({ certificates })
  proxy.set(database({ routes: [{ rule: 'HostSNI(`a.test`)', tls: ended }] }))
  await until(() => proxy.problems().length === 1)
  proxy.set(database({ routes: [{ rule, tls: { ...ended, passthrough: true } }] }))
  await until(() => proxy.problems().length === 0)
})

test('on an entrypoint of TCP, which is open all the same, there may be no certificate at all', async () => {
  await using proxy = await tcpBed()
  proxy.set(database({ routes: [{ rule: 'HostSNI(`a.test`)', tls: ended }] }))
  await until(() => proxy.problems().length === 1)
  expect(proxy.problems()[0]?.what).toBe('no certificate is good for a.test')
})
