import { once } from 'node:events'
import { connect, type ConnectionOptions } from 'node:tls'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { readCertificate } from '../../../src/certs/read.ts'
import type { Certificate } from '../../../src/core/certificate.ts'
import { live } from '../../../src/core/live.ts'
import { defaultPolicy } from '../../../src/core/policy.ts'
import type { ProxyOptions } from '../../../src/proxy/options.ts'
import { authority } from '../../certs/authority.ts'
import { counted, database, parrot, tcpBackend, tcpBed, until } from './bed.ts'
import { helloOf } from './hello.ts'
import { received } from './sockets.ts'

const limitMs = 60_000
let ca: Awaited<ReturnType<typeof authority>>
let certificates: readonly Certificate[]

beforeAll(async () => {
  ca = await authority()
  const made = async (name: string) => {
    const { cert, key } = await ca.certificate({ names: [`DNS:${name}`], common: name })
    return readCertificate({ name, source: 'folder' }, { chain: cert, key })
  }
  certificates = await Promise.all(['a.test', 'b.test'].map(made))
}, limitMs)
afterAll(() => ca[Symbol.asyncDispose]())

const ended = { passthrough: false, domains: [] }

/** A proxy where the TLS of `a.test` and `b.test` ends on its way to `port`. */
async function scene(port: number, options: Partial<ProxyOptions> = {}) {
  const proxy = await tcpBed({ certificates: live(certificates), ...options })
  const rule = 'HostSNI(`a.test`) || HostSNI(`b.test`) || HostSNI(`c.test`)'
  proxy.set(database({ port, routes: [{ rule, tls: ended }] }))
  return proxy
}

async function secured(port: number, servername = 'a.test', more: ConnectionOptions = {}) {
  const options = { host: '127.0.0.1', port, servername, ca: ca.ca, allowHalfOpen: true, ...more }
  const socket = connect(options)
  await once(socket, 'secureConnect')
  socket.on('error', () => {})
  return socket
}

test(
  'TLS ends here, with the certificate of the name; the endpoint gets what is inside',
  async () => {
    await using service = await parrot()
    await using proxy = await scene(service.port)
    for (const name of ['a.test', 'b.test']) {
      const socket = await secured(proxy.port, name, { ALPNProtocols: ['redis'] })
      expect(socket.getPeerCertificate().subject.CN).toBe(name)
      expect(socket.alpnProtocol).toBe('redis')
      socket.end('PING')
      expect(String(await received(socket))).toBe('PING')
    }
    await expect(secured(proxy.port, 'c.test')).rejects.toThrow(/unrecognized name/i)
    const line = 'portolan_tcp_connections_total{entrypoint="db",service="shop/db",outcome="ok"}'
    await until(async () => (await counted(proxy, line)) === 2)
    expect(service.sockets.size).toBe(0)
  },
  limitMs,
)

test(
  'much goes through in both directions at once, however slowly it is taken',
  async () => {
    await using service = await parrot()
    await using proxy = await scene(service.port)
    const socket = await secured(proxy.port)
    const size = 8 * 1024 * 1024
    const sent = Buffer.alloc(size, 'portolan')
    socket.end(sent)
    // what nobody takes stands still, in the kernel and in a few buffers
    await until(() => socket.bytesWritten > 65_536)
    const got = await received(socket)
    expect(got.equals(sent)).toBe(true)
  },
  limitMs,
)

test(
  'an end of the one half leaves the other; a reset is a reset',
  async () => {
    await using service = await tcpBackend((socket) => {
      socket.on('data', (bytes) => {
        if (String(bytes) === 'reset') socket.resetAndDestroy()
      })
      socket.on('end', () => socket.end('after your end'))
    })
    await using proxy = await scene(service.port)
    const half = await secured(proxy.port)
    half.end('hello')
    expect(String(await received(half))).toBe('after your end')

    const reset = await secured(proxy.port)
    reset.write('reset')
    const [error] = await once(reset, 'error')
    expect(error).toMatchObject({ code: 'ECONNRESET' })
  },
  limitMs,
)

test(
  'a server may speak first, and a client that goes away is gone for it too',
  async () => {
    await using service = await tcpBackend((socket) => {
      socket.write('welcome')
      socket.on('end', () => socket.end())
      socket.resume()
    })
    await using proxy = await scene(service.port)
    const socket = await secured(proxy.port)
    expect(String((await once(socket, 'data'))[0])).toBe('welcome')
    socket.destroy()
    await until(() => service.sockets.size === 0)
  },
  limitMs,
)

test(
  'behind a header of the PROXY protocol the endpoint hears who connects',
  async () => {
    await using service = await parrot()
    await using proxy = await scene(service.port, { trust: ['127.0.0.0/8'] })
    proxy.set(
      database({
        port: service.port,
        policy: { ...defaultPolicy, proxyProtocol: 1 },
        routes: [{ rule: 'HostSNI(`a.test`)', tls: ended }],
      }),
    )
    const raw = await proxy.connect()
    raw.write('PROXY TCP4 192.0.2.7 192.0.2.8 1234 5432\r\n')
    const socket = await secured(proxy.port, 'a.test', { socket: raw })
    socket.end('!')
    const said = 'PROXY TCP4 192.0.2.7 192.0.2.8 1234 5432\r\n!'
    expect(String(await received(socket))).toBe(said)
  },
  limitMs,
)

test(
  'a handshake that fails reaches nobody',
  async () => {
    await using service = await parrot()
    await using proxy = await scene(service.port)
    const client = await proxy.connect()
    client.write(await helloOf({ servername: 'a.test' }))
    client.write('this is no record of TLS')
    const bad = 'portolan_tcp_connections_total{entrypoint="db",service="shop/db",outcome="bad"}'
    await until(async () => (await counted(proxy, bad)) === 1)
    expect(service.connections()).toBe(0)
  },
  limitMs,
)
