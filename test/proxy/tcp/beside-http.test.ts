import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { get } from 'node:https'
import { text } from 'node:stream/consumers'
import { connect, createServer } from 'node:tls'

import { expect, test } from 'vitest'

import { live } from '../../../src/core/live.ts'
import { ownCertificate } from '../../certs/own-authority.ts'
import { listeningOn } from '../../listening.ts'
import { bed, catalogOf, instance, named } from '../bed.ts'
import { connected, counted, database, parrot, until } from './bed.ts'
import { selfSigned } from './certificate.ts'

const limitMs = 60_000
const tls = ownCertificate('ours', 'shop.test', 'cache.test', 'other.test')

async function scene(trust: readonly string[] = []) {
  const proxy = await bed({
    listeners: [{ entrypoint: 'https', host: '127.0.0.1', port: 0, kind: 'https' }],
    certificates: live([tls.certificate]),
    trust: [...trust],
  })
  const port = proxy.ports.get('https') ?? 0
  return { ...proxy, port }
}

/** A TLS server with a certificate of its own, which says its name. */
async function secured(name: string) {
  const server = createServer(await selfSigned(name), (socket) => {
    socket.on('error', () => {})
    socket.end(name)
  })
  const port = await listeningOn(server)
  return { port, [Symbol.asyncDispose]: async () => void server.close() }
}

/** Whose certificate a client is shown, and what it hears after it has said `said`. */
async function heard(port: number, servername: string, said = '!') {
  const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const owner = String(socket.getPeerCertificate().subject.CN)
  socket.end(said)
  return { owner, said: await text(socket) }
}

async function asked(port: number, host: string) {
  const request = get({ host: '127.0.0.1', port, servername: host, ca: tls.ca, headers: { host } })
  const [answer] = await once(request, 'response')
  return { status: answer.statusCode, body: await text(answer) }
}

const rest = { entrypoints: ['https'] }
const passed = { passthrough: true, domains: [] }
const ended = { passthrough: false, domains: [] }

test(
  'names of TCP routes are passed through or end here; all others are HTTP as usual',
  async () => {
    await using own = await secured('db.test')
    await using plain = await parrot()
    await using web = await named('web')
    await using proxy = await scene()
    const shop = instance({ port: web.port, routes: [{ rule: 'Host(`shop.test`)', ...rest }] })
    proxy.catalog.set(catalogOf([shop]))
    expect(await asked(proxy.port, 'shop.test')).toEqual({ status: 200, body: 'web' })
    proxy.catalog.set(
      catalogOf([
        shop,
        database({
          port: own.port,
          routes: [{ rule: 'HostSNI(`db.test`)', tls: passed, ...rest }],
        }),
        database({
          service: 'cache',
          container: 'c'.repeat(64),
          name: 'cache',
          port: plain.port,
          routes: [{ rule: 'HostSNI(`cache.test`)', tls: ended, ...rest }],
        }),
      ]),
    )
    await until(async () => (await heard(proxy.port, 'db.test')).owner === 'db.test')
    expect(await heard(proxy.port, 'cache.test', 'PING')).toEqual({ owner: 'ours', said: 'PING' })
    expect(await asked(proxy.port, 'shop.test')).toEqual({ status: 200, body: 'web' })
    expect(await asked(proxy.port, 'other.test')).toMatchObject({ status: 404 })
    expect(proxy.problems()).toEqual([])

    const client = connectHttp2(`https://127.0.0.1:${proxy.port}`, {
      ca: tls.ca,
      servername: 'shop.test',
    })
    const stream = client.request({ ':path': '/', ':authority': 'shop.test' })
    expect(await text(stream)).toBe('web')
    client.close()

    const line =
      'portolan_tcp_connections_total{entrypoint="https",service="shop/cache",outcome="ok"}'
    await until(async () => (await counted(proxy, line)) === 1)
    const explained = proxy.proxy.explain({
      scheme: 'https',
      host: 'db.test',
      port: proxy.port,
      path: '/',
      query: '',
      method: 'GET',
    })
    expect(explained).toMatchObject({ method: 'TCP', route: { service: 'shop/db' } })
  },
  limitMs,
)

test(
  'a route of all names gets those that no route of HTTP has',
  async () => {
    await using own = await secured('anybody')
    await using web = await named('web')
    await using proxy = await scene()
    const routes = [{ rule: 'HostSNI(`*`)', tls: passed, ...rest }]
    const shop = { rule: 'Host(`shop.test`) && PathPrefix(`/a`)', ...rest }
    proxy.catalog.set(
      catalogOf([
        instance({ port: web.port, routes: [shop] }),
        database({ port: own.port, routes }),
      ]),
    )
    await until(async () => (await heard(proxy.port, 'x.test')).owner === 'anybody')
    expect(await asked(proxy.port, 'shop.test')).toMatchObject({ status: 404 })
  },
  limitMs,
)

test(
  'behind a header of the PROXY protocol both go on',
  async () => {
    await using own = await secured('db.test')
    await using web = await named('web')
    await using proxy = await scene(['127.0.0.0/8'])
    const routes = [{ rule: 'HostSNI(`db.test`)', tls: passed, ...rest }]
    proxy.catalog.set(
      catalogOf([
        instance({ port: web.port, routes: [{ rule: 'Host(`shop.test`)', ...rest }] }),
        database({ port: own.port, routes }),
      ]),
    )
    await until(() => proxy.proxy.routes().length === 2)
    for (const [servername, owner] of [
      ['db.test', 'db.test'],
      ['shop.test', 'ours'],
    ] as const) {
      const raw = await connected(proxy.port)
      raw.write('PROXY TCP4 192.0.2.7 192.0.2.8 1234 443\r\n')
      const socket = connect({ socket: raw, servername, rejectUnauthorized: false })
      await once(socket, 'secureConnect')
      expect(socket.getPeerCertificate().subject.CN).toBe(owner)
      socket.destroy()
    }
  },
  limitMs,
)

test('without names a TCP route on https is a problem that says what to write', async () => {
  await using proxy = await scene()
  proxy.catalog.set(catalogOf([database({ routes: [{ rule: 'HostSNI(`*`)', ...rest }] })]))
  await until(() => proxy.problems().length > 0)
  expect(proxy.problems()).toMatchObject([
    {
      severity: 'error',
      what: 'route db is for TCP, entrypoint https for HTTPS',
      remedy: expect.stringContaining('portolan.sni=NAME'),
    },
  ])
})
