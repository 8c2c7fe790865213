import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect, createSecureContext, TLSSocket } from 'node:tls'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { readCertificate } from '../../../src/certs/read.ts'
import type { Certificate } from '../../../src/core/certificate.ts'
import { live } from '../../../src/core/live.ts'
import { authority } from '../../certs/authority.ts'
import { listeningOn } from '../../listening.ts'
import { counted, database, parrot, tcpBackend, tcpBed, until } from './bed.ts'
import { selfSigned } from './certificate.ts'
import { received } from './sockets.ts'

const limitMs = 60_000
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
let ca: Awaited<ReturnType<typeof authority>>
let certificate: Certificate

beforeAll(async () => {
  ca = await authority()
  const { cert, key } = await ca.certificate({ names: ['DNS:ours.test'], common: 'ours' })
  certificate = readCertificate({ name: 'ours', source: 'folder' }, { chain: cert, key })
}, limitMs)
afterAll(() => ca[Symbol.asyncDispose]())

/** Begins TLS as a server of PostgreSQL does, with `answer`, and says what its clients say. */
async function postgres(name: string, answer = 'S') {
  const secureContext = createSecureContext(await selfSigned(name))
  const asked: Buffer[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (bytes: Buffer) => {
      asked.push(bytes)
      socket.pause()
      socket.write(answer)
      const inside = new TLSSocket(socket, { isServer: true, secureContext })
      inside.on('error', () => {})
      inside.pipe(inside)
    })
  })
  const port = await listeningOn(server)
  return { port, asked, [Symbol.asyncDispose]: async () => void server.close() }
}

/** Asks for TLS as clients of PostgreSQL do. */
async function secured(socket: Socket, servername: string) {
  socket.write(sslRequest)
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toBe('S')
  const inside = connect({ socket, servername, rejectUnauthorized: false })
  await once(inside, 'secureConnect')
  return inside
}

const passed = { passthrough: true, domains: [] }
const ended = { passthrough: false, domains: [] }

function cache(port: number, rule: string, tls: typeof passed | null) {
  const who = { service: 'cache', name: 'cache', container: 'c'.repeat(64) }
  return database({ ...who, port, routes: [{ rule, tls }] })
}

test(
  'clients of PostgreSQL are routed by name, passed through or ended here',
  async () => {
    await using own = await postgres('db.test')
    await using plain = await parrot()
    await using proxy = await tcpBed({ certificates: live([certificate]) })
    proxy.set(
      database({ port: own.port, routes: [{ rule: 'HostSNI(`db.test`)', tls: passed }] }),
      cache(plain.port, 'HostSNI(`ours.test`)', ended),
    )
    for (const [name, owner] of [
      ['db.test', 'db.test'],
      ['ours.test', 'ours'],
    ] as const) {
      const inside = await secured(await proxy.connect(), name)
      expect(inside.getPeerCertificate().subject.CN).toBe(owner)
      inside.end('SELECT 1')
      expect(await text(inside)).toBe('SELECT 1')
    }
    expect(own.asked).toEqual([sslRequest])
    await expect(secured(await proxy.connect(), 'other.test')).rejects.toThrow(/unrecognized name/i)
  },
  limitMs,
)

test(
  'who does not ask goes to the route of everything, and an endpoint that will not gets nothing',
  async () => {
    await using unwilling = await tcpBackend((socket) => {
      socket.once('data', () => socket.write('N'))
    })
    await using plain = await parrot()
    await using proxy = await tcpBed()
    proxy.set(
      database({ port: unwilling.port, routes: [{ rule: 'HostSNI(`db.test`)', tls: passed }] }),
      cache(plain.port, 'HostSNI(`*`)', null),
    )
    const startup = Buffer.from([0, 0, 0, 9, 0, 3, 0, 0, 0])
    const client = await proxy.connect()
    client.end(startup)
    expect(await received(client)).toEqual(startup)
    await expect(secured(await proxy.connect(), 'db.test')).rejects.toThrow()
    const line =
      'portolan_tcp_connections_total{entrypoint="db",service="shop/db",outcome="failed"}'
    await until(async () => (await counted(proxy, line)) === 1)
  },
  limitMs,
)

test(
  'what comes before the answer is refused, and so is what is no TLS after it',
  async () => {
    await using own = await postgres('db.test')
    await using proxy = await tcpBed()
    proxy.set(database({ port: own.port, routes: [{ rule: 'HostSNI(`db.test`)', tls: passed }] }))
    const early = await proxy.connect()
    early.write(Buffer.concat([sslRequest, Buffer.from('SELECT 1')]))
    expect(await received(early).catch(String)).toHaveLength(0)
    const late = await proxy.connect()
    late.write(sslRequest.subarray(0, 3))
    await new Promise(setImmediate)
    late.write(sslRequest.subarray(3))
    expect(String((await once(late, 'data'))[0])).toBe('S')
    late.write('SELECT 1')
    expect(await received(late).catch(String)).toHaveLength(0)
    const bad = 'portolan_tcp_connections_total{entrypoint="db",service="-",outcome="bad"}'
    await until(async () => (await counted(proxy, bad)) === 2)
    expect(own.asked).toEqual([])
  },
  limitMs,
)
