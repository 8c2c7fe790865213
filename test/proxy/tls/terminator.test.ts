import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectPlain, createServer, type Server, type Socket } from 'node:net'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { readCertificate } from '../../../src/certs/read.ts'
import type { Certificate } from '../../../src/core/certificate.ts'
import { type Secured, terminator } from '../../../src/proxy/tls/terminator.ts'
import { authority, type Made } from '../../certs/authority.ts'

let ca: Awaited<ReturnType<typeof authority>>
let shop: Certificate
let wild: Certificate
let fallback: Certificate
const ticketKeys = randomBytes(48)

const named = (name: string, { cert, key }: Made) =>
  readCertificate({ name, source: 'folder' }, { chain: cert, key })

beforeAll(async () => {
  ca = await authority()
  shop = named('shop', await ca.certificate({ names: ['DNS:shop.test'], common: 'shop' }))
  wild = named('wild', await ca.certificate({ names: ['DNS:*.test'], common: 'wild' }))
  fallback = named('default', await ca.certificate({ common: 'fallback' }))
}, 60_000)
afterAll(() => ca[Symbol.asyncDispose]())

/** A TLS server that greets whoever gets through. */
async function scene(certificates: readonly Certificate[], wishes: Record<string, string> = {}) {
  const tls = terminator({ wishFor: (host) => wishes[host] })
  tls.use({ certificates, ticketKeys })
  const secured: Secured[] = []
  const sockets = new Set<Socket>()
  const server = createServer((raw) => {
    sockets.add(raw)
    tls.accept(raw, (one) => {
      secured.push(one)
      one.socket.write('hello')
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const port = portOf(server)
  return {
    tls,
    port,
    secured,
    /** What the client sees: whose certificate, or the error. */
    async said(options: ConnectionOptions = {}) {
      const socket = client(port, options)
      try {
        await once(socket, 'data')
        return subjectOf(socket)
      } catch (error) {
        return error instanceof Error && 'code' in error ? String(error.code) : String(error)
      } finally {
        socket.destroy()
      }
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await once(server.close(), 'close')
    },
  }
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

function client(port: number, options: ConnectionOptions): TLSSocket {
  return connect({ host: '127.0.0.1', port, ca: ca.ca, checkServerIdentity, ...options })
}

const checkServerIdentity = () => undefined

function subjectOf(socket: TLSSocket): string {
  return String(socket.getPeerCertificate().subject.CN)
}

test('the certificate follows the name that the client asks for', async () => {
  await using at = await scene([wild, shop, fallback])
  expect(await at.said({ servername: 'shop.test' })).toBe('shop')
  expect(await at.said({ servername: 'SHOP.test' })).toBe('shop')
  expect(await at.said({ servername: 'blog.test' })).toBe('wild')
  expect(await at.said({ servername: 'a.blog.test' })).toBe('fallback')
  expect(await at.said()).toBe('fallback')
  expect(at.secured.map(({ name }) => name)).toEqual([
    'shop.test',
    'shop.test',
    'blog.test',
    'a.blog.test',
    undefined,
  ])
})

test("a route's wish comes before the names", async () => {
  await using at = await scene([wild, shop], { 'blog.test': 'shop', 'other.test': 'missing' })
  expect(await at.said({ servername: 'blog.test' })).toBe('shop')
  expect(await at.said({ servername: 'other.test' })).toBe('wild')
})

test('without a default, a name that nobody has is told so by an alert', async () => {
  await using at = await scene([shop])
  expect(await at.said({ servername: 'other.example' })).toBe('ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
  expect(await at.said()).toBe('ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE')
  expect(at.secured).toEqual([])
})

test('HTTP/2 is agreed on with who wants it, and nothing older than TLS 1.2 with anybody', async () => {
  await using at = await scene([shop])
  const servername = 'shop.test'
  for (const ALPNProtocols of [['h2', 'http/1.1'], ['http/1.1'], undefined]) {
    await at.said({ servername, ...(ALPNProtocols && { ALPNProtocols }) })
  }
  expect(at.secured.map(({ protocol }) => protocol)).toEqual(['h2', 'http/1.1', 'http/1.1'])
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as const
  const answer = await at.said({ servername, ...old, ciphers: 'DEFAULT@SECLEVEL=0' })
  expect(answer).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
})

test('another set holds for the next handshake, and ends no connection', async () => {
  await using at = await scene([wild])
  const before = client(at.port, { servername: 'shop.test' })
  await once(before, 'data')
  expect(subjectOf(before)).toBe('wild')
  at.tls.use({ certificates: [wild, shop], ticketKeys })
  expect(await at.said({ servername: 'shop.test' })).toBe('shop')
  at.secured[0]?.socket.write('still there')
  expect(String((await once(before, 'data'))[0])).toBe('still there')
  before.destroy()
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a session of ${version} is resumed by another worker, until the keys are others`, async () => {
    await using one = await scene([fallback, shop])
    await using two = await scene([fallback, shop])
    const options = { servername: 'shop.test', maxVersion: version }
    const first = client(one.port, options)
    const [[session]] = await Promise.all([once(first, 'session'), once(first, 'data')])
    first.destroy()
    const isReused = async () => {
      const next = client(two.port, { ...options, session })
      await once(next, 'data')
      const reused = next.isSessionReused()
      next.destroy()
      return reused
    }
    expect(await isReused()).toBe(true)
    // of a session that began by TLS 1.2 OpenSSL has forgotten the name
    expect(two.secured[0]?.name).toBe(version === 'TLSv1.3' ? 'shop.test' : undefined)
    two.tls.use({ certificates: [fallback, shop], ticketKeys: randomBytes(48) })
    expect(await isReused()).toBe(false)
  })
}

test('what is no TLS, or says nothing in time, is cut', async () => {
  await using at = await scene([shop])
  const socket = connectPlain({ host: '127.0.0.1', port: at.port })
  socket.write('GET / HTTP/1.1\r\n\r\n')
  socket.resume()
  await once(socket, 'close')
  const silent = terminator({ wishFor: () => undefined, handshakeMs: 20 })
  silent.use({ certificates: [shop], ticketKeys })
  const server = createServer((raw) => silent.accept(raw, () => {}))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const quiet = connectPlain({ host: '127.0.0.1', port: portOf(server) })
  quiet.resume()
  await once(quiet, 'close')
  await once(server.close(), 'close')
})

test('a record that can not be read ends the connection, and so does a second handshake', async () => {
  await using at = await scene([shop])
  const wire = connectPlain({ host: '127.0.0.1', port: at.port })
  const broken = connect({ socket: wire, servername: 'shop.test', ca: ca.ca })
  broken.on('error', () => {})
  await once(broken, 'data')
  wire.write(Buffer.concat([Buffer.from([23, 3, 3, 0, 32]), Buffer.alloc(32)]))
  await once(wire, 'close')
  const again = client(at.port, { servername: 'shop.test', maxVersion: 'TLSv1.2' })
  again.on('error', () => {})
  await once(again, 'data')
  const ended = once(again, 'close')
  again.renegotiate({}, () => {})
  await ended
  await expect.poll(() => at.secured.map(({ socket }) => socket.destroyed)).toEqual([true, true])
})
