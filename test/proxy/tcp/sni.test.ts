import { connect as connectTcp } from 'node:net'
import { connect, createServer } from 'node:tls'

import { expect, test } from 'vitest'

import { listeningOn } from '../../listening.ts'
import { counted, database, tcpBed, tcpBackend, until } from './bed.ts'
import { selfSigned } from './certificate.ts'
import { helloOf } from './hello.ts'
import { received } from './sockets.ts'

/** A TLS server that says its name, and what the client asked for. */
async function secured(name: string) {
  const server = createServer(
    { ...(await selfSigned(name)), ALPNProtocols: ['postgresql', 'h2'] },
    (socket) => {
      socket.on('error', () => {})
      socket.end(`${name} ${socket.alpnProtocol || '-'}`)
    },
  )
  const port = await listeningOn(server)
  return { port, [Symbol.asyncDispose]: async () => void server.close() }
}

/** What a TLS client hears, and whose certificate it was shown. */
async function heard(port: number, servername: string | undefined, ALPNProtocols: string[] = []) {
  const socket = connect({
    host: '127.0.0.1',
    port,
    rejectUnauthorized: false,
    ALPNProtocols,
    ...(servername === undefined ? {} : { servername }),
  })
  let text = ''
  socket.on('data', (part) => (text += String(part)))
  let owner = ''
  socket.once('secureConnect', () => (owner = String(socket.getPeerCertificate().subject.CN)))
  return new Promise<{ text: string; owner: string }>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('end', () => resolve({ text, owner }))
  })
}

const passthrough = { passthrough: true, domains: [] }

/** Two services behind one proxy, and whom they get; TLS is passed on to both. */
async function two(ruleOfA: string, ruleOfB: string) {
  await using stack = new AsyncDisposableStack()
  const a = stack.use(await secured('a.test'))
  const b = stack.use(await secured('b.test'))
  const proxy = stack.use(await tcpBed())
  const other = { service: 'b', container: 'b'.repeat(64), name: 'b' }
  proxy.set(
    database({ port: a.port, routes: [{ rule: ruleOfA, tls: passthrough }] }),
    database({ ...other, port: b.port, routes: [{ rule: ruleOfB, tls: passthrough }] }),
  )
  const kept = stack.move()
  return { port: proxy.port, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

test('a TLS client reaches the service of the name that it asks for, untouched', async () => {
  await using proxy = await two('HostSNI(`a.test`) || HostSNI(`*.a.test`)', 'HostSNI(`b.test`)')
  expect(await heard(proxy.port, 'a.test')).toEqual({ text: 'a.test -', owner: 'a.test' })
  expect(await heard(proxy.port, 'B.test')).toEqual({ text: 'b.test -', owner: 'b.test' })
  expect(await heard(proxy.port, 'x.a.test')).toMatchObject({ owner: 'a.test' })
  await expect(heard(proxy.port, 'c.test')).rejects.toThrow(/unrecognized name/i)
  await expect(heard(proxy.port, undefined)).rejects.toThrow(/unrecognized name/i)
})

test('rules look at the protocols that a client offers, too', async () => {
  await using proxy = await two('HostSNI(`*`) && ALPN(`postgresql`)', 'HostSNI(`*`)')
  expect(await heard(proxy.port, 'x.test', ['h2', 'postgresql'])).toMatchObject({ owner: 'a.test' })
  expect(await heard(proxy.port, 'x.test', ['h2'])).toEqual({ text: 'b.test h2', owner: 'b.test' })
})

test('who has no name of TLS goes to the route of everything', async () => {
  await using a = await secured('a.test')
  await using plain = await tcpBackend((socket) => {
    socket.once('data', (bytes: Buffer) => socket.end(`plain ${bytes.toString('hex', 0, 2)}`))
  })
  await using proxy = await tcpBed()
  proxy.set(
    database({ port: a.port, routes: [{ rule: 'HostSNI(`a.test`)', tls: passthrough }] }),
    database({ service: 'b', container: 'b'.repeat(64), name: 'b', port: plain.port }),
  )
  expect(await heard(proxy.port, 'a.test')).toMatchObject({ owner: 'a.test' })
  const client = await proxy.connect()
  client.write('PING')
  expect(String(await received(client))).toBe('plain 5049')
  const other = await proxy.connect()
  other.write(await helloOf({ servername: 'other.test' }))
  expect(String(await received(other))).toBe('plain 1603')
})

test('a hello that comes in pieces is put together; one that is none is refused', async () => {
  await using service = await tcpBackend((socket) => {
    socket.once('data', (bytes: Buffer) => socket.end(bytes))
  })
  await using proxy = await tcpBed()
  proxy.set(
    database({ port: service.port, routes: [{ rule: 'HostSNI(`a.test`)', tls: passthrough }] }),
  )
  const hello = await helloOf({ servername: 'a.test' })
  const client = connectTcp({ host: '127.0.0.1', port: proxy.port, noDelay: true })
  for (let at = 0; at < hello.length; at += 50) {
    client.write(hello.subarray(at, at + 50))
    await new Promise(setImmediate)
  }
  expect(await received(client)).toEqual(hello)

  const broken = Buffer.from(hello)
  broken.writeUInt16BE(0, 43)
  const wrong = await proxy.connect()
  wrong.write(broken)
  expect(await received(wrong).catch(String)).toHaveLength(0)
  const bad = 'portolan_tcp_connections_total{entrypoint="db",service="-",outcome="bad"}'
  await until(async () => (await counted(proxy, bad)) === 1)
  expect(service.connections()).toBe(1)
})

test('a client that leaves in the middle of its hello is gone', async () => {
  await using proxy = await tcpBed()
  proxy.set(database({ port: 1, routes: [{ rule: 'HostSNI(`a.test`)', tls: passthrough }] }))
  const client = await proxy.connect()
  client.end((await helloOf({ servername: 'a.test' })).subarray(0, 100))
  const gone = 'portolan_tcp_connections_total{entrypoint="db",service="-",outcome="gone"}'
  await until(async () => (await counted(proxy, gone)) === 1)
})
