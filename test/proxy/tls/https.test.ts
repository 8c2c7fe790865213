import { execFile } from 'node:child_process'
import { once } from 'node:events'
import type { ConnectionOptions } from 'node:tls'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws'

import type { CertificateSet } from '../../../src/core/certificate.ts'
import { live } from '../../../src/core/live.ts'
import { eventually } from '../../store/eventually.ts'
import { backend, bed, catalogOf, echo, instance } from '../bed.ts'
import { limitMs, secured } from './secured.ts'

const tls = secured()
const { scene, get, connected } = tls

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
      ca: tls.ca,
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
  'at the end HTTP/2 clients are told, and what runs is finished',
  async () => {
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<() => void>()
    await using to = await backend((_, response) => isAsked(() => response.end('done')))
    const certificates = live<CertificateSet>([tls.wild])
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
