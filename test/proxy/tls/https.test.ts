import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { promisify } from 'node:util'

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws'

import { readCertificate } from '../../../src/certs/read.ts'
import type { Certificate, CertificateSet } from '../../../src/core/certificate.ts'
import { live } from '../../../src/core/live.ts'
import { authority } from '../../certs/authority.ts'
import { eventually } from '../../store/eventually.ts'
import { backend, bed, catalogOf, echo, instance, type Sketch } from '../bed.ts'

let ca: Awaited<ReturnType<typeof authority>>
let wild: Certificate
let shop: Certificate

async function made(name: string, ...names: readonly string[]): Promise<Certificate> {
  const { cert, key } = await ca.certificate({
    names: names.map((one) => `DNS:${one}`),
    common: name,
  })
  return readCertificate({ name, source: 'folder' }, { chain: cert, key })
}

beforeAll(async () => {
  ca = await authority()
  wild = await made('wild', '*.example.test')
  shop = await made('shop', 'shop.example.test')
}, 60_000)
afterAll(() => ca[Symbol.asyncDispose]())

const limitMs = 60_000

/** A proxy with an entrypoint for TLS, and routes to `sketches` on it. */
async function scene(...sketches: readonly Sketch[]) {
  const certificates = live<CertificateSet>([wild])
  const at = await bed({
    listeners: [{ entrypoint: 'https', host: '127.0.0.1', port: 0, kind: 'https' }],
    certificates,
  })
  const instances = sketches.map(({ rule = 'Host(`shop.example.test`)', ...rest }) =>
    instance({ ...rest, routes: [{ rule, entrypoints: ['https'] }] }),
  )
  at.catalog.set(catalogOf(instances))
  return { ...at, certificates }
}

type Asked = { readonly host?: string; readonly servername?: string; readonly method?: string }

/** By HTTP/1.1. */
async function get(
  port: number,
  { host = 'shop.example.test', servername = host, method = 'GET' }: Asked = {},
) {
  const asked = request({
    port,
    host: '127.0.0.1',
    servername,
    ca: ca.ca,
    method,
    agent: false,
    headers: { host },
  })
  asked.end()
  const [answer] = await once(asked, 'response')
  return { status: answer.statusCode, body: await text(answer) }
}

/** The common name of the certificate that a client gets. */
async function presented(port: number, servername = 'shop.example.test'): Promise<string> {
  const socket = connectTls({ port, host: '127.0.0.1', servername, ca: ca.ca })
  await once(socket, 'secureConnect')
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return String(CN)
}

/** By HTTP/2. */
function connected(port: number, servername = 'shop.example.test') {
  const client = connectHttp2(`https://127.0.0.1:${port}`, { ca: ca.ca, servername })
  client.on('error', () => {})
  return {
    client,
    async get(path: string, { host = servername, body = '' } = {}) {
      const method = body === '' ? 'GET' : 'POST'
      const stream = client.request({ ':path': path, ':authority': host, ':method': method })
      if (body !== '') stream.end(body)
      const [headers] = await once(stream, 'response')
      return { status: headers[':status'], headers, body: await text(stream) }
    },
    [Symbol.dispose]: () => client.destroy(),
  }
}

test(
  'both protocols lead to the same routes, and tell endpoints that TLS was spoken',
  async () => {
    await using to = await echo()
    await using at = await scene({ port: to.port })
    const seen = [JSON.parse((await get(at.port)).body)]
    using client = connected(at.port)
    seen.push(JSON.parse((await client.get('/', { body: 'sent' })).body))
    for (const { headers } of seen) {
      expect(headers).toMatchObject({
        host: 'shop.example.test',
        'x-forwarded-proto': 'https',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-port': String(at.port),
      })
      expect(headers.forwarded).toContain('proto=https')
    }
    expect(seen[1]).toMatchObject({ method: 'POST', body: 'sent' })
    expect((await client.get('/other')).status).toBe(200)
  },
  limitMs,
)

test(
  'a host other than the one of the handshake is misdirected',
  async () => {
    await using to = await backend()
    await using at = await scene({
      port: to.port,
      rule: 'Host(`shop.example.test`) || Host(`blog.example.test`)',
    })
    expect(
      (await get(at.port, { host: 'blog.example.test', servername: 'shop.example.test' })).status,
    ).toBe(421)
    expect((await get(at.port, { host: 'blog.example.test' })).status).toBe(200)
    using client = connected(at.port)
    expect((await client.get('/', { host: 'blog.example.test' })).status).toBe(421)
    expect((await client.get('/', { host: 'shop.example.test' })).status).toBe(200)
    expect((await client.get('/', { host: `SHOP.example.test:${at.port}` })).status).toBe(200)
  },
  limitMs,
)

test(
  'a host that wants https gets it if there is a certificate, and is served as it is if not',
  async () => {
    await using to = await backend()
    const certificates = live<CertificateSet>([])
    await using at = await bed({
      listeners: [
        { entrypoint: 'http', host: '127.0.0.1', port: 0 },
        { entrypoint: 'https', host: '127.0.0.1', port: 0, kind: 'https' },
      ],
      certificates,
      trust: ['127.0.0.1/32'],
    })
    const rule = 'Host(`shop.example.test`)'
    const routes = [{ rule, entrypoints: ['http', 'https'], toHttps: true }]
    at.catalog.set(catalogOf([instance({ port: to.port, routes })]))
    const host = 'shop.example.test'
    expect((await at.get('/', { host })).status).toBe(200)
    certificates.set([wild])
    const location = `https://${host}:${at.ports.get('https')}/a?b=c`
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
  'what is not known is 404, by HTTP/2 too',
  async () => {
    await using at = await scene()
    expect((await get(at.port)).status).toBe(404)
    using client = connected(at.port)
    expect(await client.get('/')).toMatchObject({
      status: 404,
      headers: { 'content-type': 'application/json' },
    })
  },
  limitMs,
)

test(
  'a request waits for an endpoint, by HTTP/2 too',
  async () => {
    await using to = await backend()
    await using at = await scene({ port: to.port, state: 'starting' })
    using client = connected(at.port)
    const answer = client.get('/')
    await eventually(
      async () => expect(await at.registry.metrics()).toMatch(/portolan_http_held 1/),
      limitMs,
    )
    at.catalog.set(
      catalogOf([
        instance({
          port: to.port,
          routes: [{ rule: 'Host(`shop.example.test`)', entrypoints: ['https'] }],
        }),
      ]),
    )
    expect((await answer).body).toBe('ok')
  },
  limitMs,
)

test(
  'WebSockets go through',
  async () => {
    await using to = await backend()
    const sockets = new WebSocketServer({ server: to.server })
    sockets.on('connection', (socket) => socket.on('message', (message) => socket.send(message)))
    await using at = await scene({ port: to.port })
    const options: ClientOptions & ConnectionOptions = {
      ca: ca.ca,
      servername: 'shop.example.test',
      headers: { host: 'shop.example.test' },
    }
    const socket = new WebSocket(`wss://127.0.0.1:${at.port}/`, options)
    await once(socket, 'open')
    socket.send('hello')
    expect(String((await once(socket, 'message'))[0])).toBe('hello')
    socket.terminate()
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
    at.certificates.set([wild, shop])
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
    at.certificates.set([wild, shop])
    const tls = { passthrough: false, certificate: 'wild', domains: [] }
    const rule = 'Host(`shop.example.test`)'
    at.catalog.set(
      catalogOf([instance({ port: to.port, routes: [{ rule, entrypoints: ['https'], tls }] })]),
    )
    expect(await presented(at.port)).toBe('wild')
  },
  limitMs,
)

test(
  'at the end HTTP/2 clients are told, and what runs is finished',
  async () => {
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<() => void>()
    await using to = await backend((_, response) => isAsked(() => response.end('done')))
    const certificates = live<CertificateSet>([wild])
    await using at = await bed({
      listeners: [{ entrypoint: 'https', host: '127.0.0.1', port: 0, kind: 'https' }],
      certificates,
      drainMs: limitMs,
    })
    const routes = [{ rule: 'Host(`shop.example.test`)', entrypoints: ['https'] }]
    at.catalog.set(catalogOf([instance({ port: to.port, routes })]))
    using client = connected(at.port)
    const answer = client.get('/')
    const finish = await asked
    const told = once(client.client, 'goaway')
    const stopped = at.stop()
    await told
    finish()
    expect((await answer).body).toBe('done')
    await stopped
  },
  limitMs,
)

test(
  'curl speaks HTTP/2 with it, uploads too',
  async () => {
    await using to = await backend((incoming, response) => incoming.pipe(response))
    await using at = await scene({ port: to.port })
    const body = 'x'.repeat(300_000)
    const url = `https://shop.example.test:${at.port}/`
    const resolved = `shop.example.test:${at.port}:127.0.0.1`
    const options = ['-sk', '--http2', '--resolve', resolved, '-w', '\n%{http_version}']
    const child = promisify(execFile)('curl', [...options, '--data-binary', '@-', url])
    child.child.stdin?.end(body)
    const { stdout } = await child
    const [echoed, version] = stdout.split('\n')
    expect(echoed === body).toBe(true)
    expect(version).toBe('2')
  },
  limitMs,
)
