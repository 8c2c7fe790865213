import { expect, test } from 'vitest'

import type { Certificate } from '../../../src/core/certificate.ts'
import { live } from '../../../src/core/live.ts'
import { bed, catalogOf, instance, type Sketch } from '../bed.ts'
import { limitMs, secured } from './secured.ts'

const own = secured()

const ended = { passthrough: false, domains: [] }
const https = ['https']
const both = ['http', 'https']

/** What is said of these routes, with these certificates. */
async function said(routes: NonNullable<Sketch['routes']>, certificates: readonly Certificate[]) {
  const set = live<readonly Certificate[]>([own.wild])
  const at = await bed({
    listeners: [
      { entrypoint: 'http', host: '127.0.0.1', port: 0 },
      { entrypoint: 'https', host: '127.0.0.1', port: 0, kind: 'https' },
    ],
    certificates: set,
  })
  at.catalog.set(catalogOf([instance({ routes })]))
  set.set(certificates)
  const problems = () => at.problems().map(({ severity, where, what }) => [severity, where, what])
  return { ...at, set, problems, why: () => at.problems()[0]?.why }
}

const where = 'container shop-web-1'

test(
  'a route with TLS for a host without certificate is a problem until there is one',
  async () => {
    const routes = [{ rule: 'Host(`other.test`)', entrypoints: both, tls: ended }]
    await using at = await said(routes, [own.wild])
    await expect
      .poll(at.problems)
      .toEqual([['error', where, 'no certificate is good for other.test']])
    expect(at.why()).toContain('its clients are refused')
    at.set.set([own.wild, { ...own.shop, name: 'default' }])
    await expect.poll(() => at.problems()[0]?.[0]).toBe('warning')
    expect(at.why()).toContain('the default certificate')
    at.set.set([own.wild, { ...own.shop, name: 'other', names: ['other.test'] }])
    await expect.poll(at.problems).toEqual([])
    at.set.set([own.wild])
    await expect.poll(at.problems).toHaveLength(1)
    at.catalog.set(catalogOf([]))
    await expect.poll(at.problems).toEqual([])
  },
  limitMs,
)

test(
  'only hosts that no certificate is good for are told, and no more than a few',
  async () => {
    const hosts = ['a.example.test', 'b.test', 'c.test', 'd.test', 'e.test']
    const rule = [...hosts.map((host) => `Host(\`${host}\`)`), 'HostRegexp(`^.+\\.f\\.test$`)']
    const routes = [{ rule: rule.join(' || '), entrypoints: https }]
    await using at = await said(routes, [own.wild])
    await expect
      .poll(at.problems)
      .toEqual([['error', where, 'no certificate is good for b.test, c.test, d.test and 1 more']])
  },
  limitMs,
)

test(
  'who is there without TLS as well needs no certificate, who is on https alone does',
  async () => {
    const named = (entrypoints: readonly string[]) => [
      { rule: 'Host(`other.test`)', entrypoints: [...entrypoints] },
    ]
    await using plain = await said(named(both), [own.wild, own.shop])
    await using alone = await said(named(https), [own.wild, own.shop])
    await expect.poll(alone.problems).toHaveLength(1)
    expect(plain.problems()).toEqual([])
  },
  limitMs,
)

test(
  'a certificate that is wished for by name and is not there is a problem, and another one serves',
  async () => {
    const tls = { ...ended, certificate: 'special' }
    const rule = 'Host(`shop.example.test`)'
    await using at = await said([{ rule, entrypoints: both, tls }], [own.wild])
    await expect.poll(at.problems).toEqual([['warning', where, 'certificate special is not there']])
    expect(await own.presented(at.ports.get('https') ?? 0)).toBe('wild')
    at.set.set([own.wild, { ...own.shop, name: 'special' }])
    await expect.poll(at.problems).toEqual([])
    await expect.poll(() => own.presented(at.ports.get('https') ?? 0)).toBe('shop')
  },
  limitMs,
)
