import { expect, test } from 'vitest'

import { live } from '../../../src/core/live.ts'
import { policySchema } from '../../../src/core/policy.ts'
import { bed, catalogOf, instance } from '../bed.ts'
import { limitMs, secured } from './secured.ts'

const own = secured()

const host = 'shop.example.test'
const middlewares = {
  label: { redirectScheme: { scheme: 'https', port: 'public', permanent: true } },
}

/** Each way to send clients to https. */
const ways = {
  HTTPS_METHOD: { toHttps: true },
  'redirect-https': { middlewares: ['label'] },
}

/** Where a request for `/a?b` on port 8080 is sent. */
async function sent(
  way: object,
  more: Parameters<typeof bed>[0] = {},
  headers: Record<string, string> = {},
) {
  await using at = await bed({
    listeners: [
      { entrypoint: 'http', host: '127.0.0.1', port: 0 },
      { entrypoint: 'https', host: '127.0.0.1', port: 0, kind: 'https' },
    ],
    certificates: live([own.wild]),
    ...more,
  })
  const routes = [{ rule: `Host(\`${host}\`)`, entrypoints: ['http', 'https'], ...way }]
  at.catalog.set(catalogOf([instance({ routes, policy: policySchema.parse({ middlewares }) })]))
  const answer = await at.get('/a?b', { host: `${host}:8080`, headers })
  return { location: answer.headers.location, port: at.ports.get('https') }
}

test.each(Object.entries(ways))(
  '%s leads to where https is reached: its own port, or the public one',
  async (_, way) => {
    const { location, port } = await sent(way)
    expect(location).toBe(`https://${host}:${port}/a?b`)
    expect(await sent(way, { httpsPort: live<number | undefined>(8443) })).toMatchObject({
      location: `https://${host}:8443/a?b`,
    })
    expect(await sent(way, { httpsPort: live<number | undefined>(443) })).toMatchObject({
      location: `https://${host}/a?b`,
    })
  },
  limitMs,
)

test.each(Object.entries(ways))(
  '%s sends nobody there who came by TLS to a trusted proxy, whichever header says so',
  async (_, way) => {
    const more = { trust: ['127.0.0.1'], holdMs: 0 }
    for (const headers of [
      { forwarded: 'for=1.2.3.4;proto=https' },
      { 'x-forwarded-proto': 'https' },
    ]) {
      expect(await sent(way, more, headers)).toMatchObject({ location: undefined })
      expect(await sent(way, { holdMs: 0 }, headers)).toHaveProperty('location', expect.anything())
    }
  },
  limitMs,
)

test(
  'where TLS ends in front of us a label leads to the usual port',
  async () => {
    const listeners = [{ entrypoint: 'http', host: '127.0.0.1', port: 0 }]
    const { location } = await sent(ways['redirect-https'], { listeners })
    expect(location).toBe(`https://${host}/a?b`)
  },
  limitMs,
)

test(
  'the public port may be known later, and change',
  async () => {
    const httpsPort = live<number | undefined>(undefined)
    await using at = await bed({
      listeners: [
        { entrypoint: 'http', host: '127.0.0.1', port: 0 },
        { entrypoint: 'https', host: '127.0.0.1', port: 0, kind: 'https' },
      ],
      certificates: live([own.wild]),
      httpsPort,
    })
    const routes = [{ rule: `Host(\`${host}\`)`, entrypoints: ['http', 'https'], toHttps: true }]
    at.catalog.set(catalogOf([instance({ routes })]))
    const location = async () => (await at.get('/', { host })).headers.location
    expect(await location()).toBe(`https://${host}:${at.ports.get('https')}/`)
    httpsPort.set(9443)
    await expect.poll(location).toBe(`https://${host}:9443/`)
  },
  limitMs,
)
