import { expect, test } from 'vitest'

import { proxyAnnouncement } from '../../../src/proxy/tcp/proxy-announce.ts'
import { readProxyHeader } from '../../../src/proxy/tcp/proxy-header.ts'
import { counted, database, speaker, tcpBackend, tcpBed, until } from './bed.ts'
import { received } from './sockets.ts'

const ends = {
  source: { ip: '203.0.113.7', port: 54_321 },
  destination: { ip: '198.51.100.1', port: 5432 },
}

/** Says back all that it got, once the client has ended its half. */
function recorder() {
  return tcpBackend((socket) => {
    void received(socket).then((all) => socket.end(all))
  })
}

test('a header of a peer that is trusted says who the client is, and is cut off', async () => {
  await using service = await recorder()
  await using proxy = await tcpBed({ trust: ['127.0.0.1'] })
  proxy.set(database({ port: service.port, rule: 'HostSNI(`*`) && ClientIP(`203.0.113.0/24`)' }))
  for (const version of [1, 2] as const) {
    const client = await proxy.connect()
    for (const byte of proxyAnnouncement(version, ends)) client.write(Buffer.from([byte]))
    client.end('hello')
    expect(String(await received(client))).toBe('hello')
  }
})

test('one of anybody else is what the client says, and goes to the endpoint', async () => {
  await using service = await recorder()
  await using proxy = await tcpBed()
  proxy.set(database({ port: service.port }))
  const client = await proxy.connect()
  client.end(proxyAnnouncement(1, ends))
  expect(await received(client)).toEqual(proxyAnnouncement(1, ends))
})

test('a trusted peer may say nothing of the kind, or let the server speak first', async () => {
  await using service = await recorder()
  await using first = await speaker('220 ready')
  await using proxy = await tcpBed({ trust: ['127.0.0.0/8'] })
  proxy.set(database({ port: service.port }))
  const client = await proxy.connect()
  client.end('PRIVMSG')
  expect(String(await received(client))).toBe('PRIVMSG')
  proxy.set(database({ port: first.port, startedAt: '2026-01-02T00:00:00Z' }))
  expect(String(await received(await proxy.connect()))).toBe('220 ready')
})

test('a header that can not be read ends the connection', async () => {
  await using service = await recorder()
  await using proxy = await tcpBed({ trust: ['127.0.0.1'] })
  proxy.set(database({ port: service.port }))
  const client = await proxy.connect()
  client.write('PROXY TCP4 nonsense\r\nhello')
  expect(await received(client).catch(String)).not.toContain('hello')
  const bad = 'portolan_tcp_connections_total{entrypoint="db",service="-",outcome="bad"}'
  await until(async () => (await counted(proxy, bad)) === 1)
  expect(service.connections()).toBe(0)
})

test.each([1, 2] as const)('an endpoint is told who connects by version %i', async (version) => {
  await using service = await recorder()
  await using proxy = await tcpBed({ trust: ['127.0.0.1'] })
  proxy.set(
    database({ port: service.port, policy: { ...database().policy, proxyProtocol: version } }),
  )
  const client = await proxy.connect()
  const { localPort } = client
  client.end('hello')
  const heard = await received(client)
  const header = readProxyHeader(heard)
  if (header.kind !== 'header') throw new Error('no header')
  expect(header.ends).toEqual({
    source: { ip: '127.0.0.1', port: localPort },
    destination: { ip: '127.0.0.1', port: proxy.port },
  })
  expect(String(heard.subarray(header.length))).toBe('hello')

  const relayed = await proxy.connect()
  relayed.end(Buffer.concat([proxyAnnouncement(2, ends), Buffer.from('hello')]))
  expect(readProxyHeader(await received(relayed))).toMatchObject({ ends })
})

test('a server that speaks first is told before', async () => {
  await using service = await tcpBackend((socket) => {
    socket.write('220 ready\r\n')
    void received(socket).then((all) => socket.end(all))
  })
  await using proxy = await tcpBed()
  proxy.set(database({ port: service.port, policy: { ...database().policy, proxyProtocol: 1 } }))
  const client = await proxy.connect()
  await new Promise((resolve) => client.once('data', resolve))
  client.end()
  expect(String(await received(client))).toMatch(/^PROXY TCP4 127\.0\.0\.1 /)
})
