import { createServer } from 'node:net'

import { expect, test } from 'vitest'

import type { CertificateSet } from '../../../src/core/certificate.ts'
import { live } from '../../../src/core/live.ts'
import { listeningOn } from '../../listening.ts'
import { eventually } from '../../store/eventually.ts'
import { backend, bed, catalogOf, instance } from '../bed.ts'
import { startedThreads } from '../threads.ts'
import { limitMs, secured } from './secured.ts'

const own = secured()
const { scene, get, presented, connected } = own

/** A proxy with both entrypoints, whose https waits for a certificate. */
async function waiting(more: Parameters<typeof bed>[0] = {}) {
  const certificates = live<CertificateSet>([])
  const at = await bed({
    listeners: [
      { entrypoint: 'http', host: '127.0.0.1', port: 0 },
      { entrypoint: 'https', host: '127.0.0.1', port: 0, kind: 'https' },
    ],
    certificates,
    ...more,
  })
  const httpsPort = () =>
    at.proxy.entrypoints().find(({ entrypoint }) => entrypoint === 'https')?.port ?? 0
  return { ...at, certificates, httpsPort }
}

const host = 'shop.example.test'
const rule = `Host(\`${host}\`)`

for (const workers of [1, 3]) {
  test(
    `https opens with the first certificate, at each of ${workers}, and stays open`,
    async () => {
      await using to = await backend()
      await using at = await waiting({ workers, certsFolder: '/certs' })
      const routes = [{ rule, entrypoints: ['https'] }]
      at.catalog.set(catalogOf([instance({ port: to.port, routes })]))
      expect(at.httpsPort()).toBe(0)
      await expect
        .poll(() => at.problems().map(({ where, what }) => `${where}: ${what}`))
        .toEqual([
          'container shop-web-1: entrypoint https of route web is not open yet',
          'setting --https: entrypoint https is closed',
        ])
      expect(at.problems()[1]).toMatchObject({
        severity: 'warning',
        remedy: expect.stringContaining('put NAME.crt and NAME.key into /certs'),
      })
      at.certificates.set([own.wild])
      await expect.poll(at.httpsPort).toBeGreaterThan(0)
      await expect.poll(at.problems).toEqual([])
      // each has listeners of its own, among which the system chooses
      const asked = Array.from({ length: 20 }, () => get(at.httpsPort()))
      const statuses = (await Promise.all(asked)).map(({ status }) => status)
      expect(new Set(statuses)).toEqual(new Set([200]))
    },
    limitMs,
  )
}

test(
  'who takes the place of a lost worker opens what has opened since, too',
  async () => {
    using started = startedThreads()
    await using to = await backend()
    await using at = await waiting()
    const routes = [{ rule, entrypoints: ['https'] }]
    at.catalog.set(catalogOf([instance({ port: to.port, routes })]))
    at.certificates.set([own.wild])
    await expect.poll(at.httpsPort).toBeGreaterThan(0)
    const port = at.httpsPort()
    await started.threads[0]?.terminate()
    const metrics = () => at.registry.metrics()
    await expect.poll(metrics).toMatch(/portolan_worker_crashes_total 1\n/)
    await expect.poll(metrics).toMatch(/portolan_workers 1\n/)
    expect((await get(port)).status).toBe(200)
  },
  limitMs,
)

test(
  'a port that is taken when the first certificate comes is tried again',
  async () => {
    const other = createServer()
    const port = await listeningOn(other)
    await using at = await waiting({
      listeners: [
        { entrypoint: 'http', host: '127.0.0.1', port: 0 },
        { entrypoint: 'https', host: '127.0.0.1', port, kind: 'https' },
      ],
    })
    at.catalog.set(catalogOf([]))
    await expect.poll(() => at.problems()[0]?.severity).toBe('note')
    at.certificates.set([own.wild])
    await expect
      .poll(() => at.problems()[0])
      .toMatchObject({ severity: 'error', why: expect.stringContaining('another program') })
    expect((await at.get()).status).toBe(404)
    await new Promise((resolve) => other.close(resolve))
    await expect.poll(at.httpsPort).toBe(port)
    expect((await get(port)).status).toBe(404)
    expect(at.problems()).toEqual([])
  },
  limitMs,
)

test(
  'https opens without any certificate for a route that passes TLS on',
  async () => {
    await using at = await waiting()
    const route = { kind: 'tcp' as const, rule: `HostSNI(\`${host}\`)`, entrypoints: ['https'] }
    at.catalog.set(catalogOf([instance()]))
    expect(at.proxy.routes()).toHaveLength(1)
    expect(at.httpsPort()).toBe(0)
    at.catalog.set(catalogOf([instance({ routes: [route] })]))
    await expect.poll(at.httpsPort).toBeGreaterThan(0)
    await expect.poll(at.problems).toEqual([])
  },
  limitMs,
)

test(
  'a host that wants https gets it if there is a certificate, and is served as it is if not',
  async () => {
    await using to = await backend()
    await using at = await waiting({ trust: ['127.0.0.1/32'] })
    const routes = [{ rule, entrypoints: ['http', 'https'], toHttps: true }]
    at.catalog.set(catalogOf([instance({ port: to.port, routes })]))
    expect((await at.get('/', { host })).status).toBe(200)
    at.certificates.set([own.wild])
    await expect.poll(at.httpsPort).toBeGreaterThan(0)
    const location = `https://${host}:${at.httpsPort()}/a?b=c`
    await eventually(async () => {
      const { status, headers } = await at.get('/a?b=c', { host: `${host}:8080` })
      expect([status, headers.location]).toEqual([301, location])
    }, limitMs)
    expect((await at.get('/a', { host, method: 'POST', body: 'x' })).status).toBe(308)
    const challenge = await at.get('/.well-known/acme-challenge/token', { host })
    expect(challenge.status).toBe(200)
    const before = { 'x-forwarded-proto': 'https' }
    expect((await at.get('/', { host, headers: before })).status).toBe(200)
  },
  limitMs,
)

test(
  'a new certificate holds for new connections, and ends none',
  async () => {
    await using to = await backend()
    await using at = await scene({ port: to.port })
    using before = connected(at.port)
    expect((await before.get('/')).status).toBe(200)
    at.certificates.set([own.wild, own.shop])
    await eventually(async () => {
      expect(await presented(at.port)).toBe('shop')
    }, limitMs)
    expect((await before.get('/')).status).toBe(200)
  },
  limitMs,
)

test(
  "a route's wish for a certificate holds for its host",
  async () => {
    await using to = await backend()
    await using at = await scene()
    at.certificates.set([own.wild, own.shop])
    const tls = { passthrough: false, certificate: 'wild', domains: [] }
    at.catalog.set(
      catalogOf([instance({ port: to.port, routes: [{ rule, entrypoints: ['https'], tls }] })]),
    )
    expect(await presented(at.port)).toBe('wild')
  },
  limitMs,
)
