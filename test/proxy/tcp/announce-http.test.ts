import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

import { expect, test } from 'vitest'

import { readCertificate } from '../../../src/certs/read.ts'
import { live } from '../../../src/core/live.ts'
import { proxyAnnouncement } from '../../../src/proxy/tcp/proxy-announce.ts'
import { authority } from '../../certs/authority.ts'
import { bed, catalogOf, echo, instance } from '../bed.ts'
import { received } from './sockets.ts'

const ends = {
  source: { ip: '203.0.113.7', port: 54_321 },
  destination: { ip: '198.51.100.1', port: 8443 },
}
const request = (more = '') =>
  `GET / HTTP/1.1\r\nHost: shop.test\r\n${more}Connection: close\r\n\r\n`

/** What the endpoint says that it got, after the head of the answer. */
async function heard(socket: NodeJS.ReadableStream): Promise<Record<string, string>> {
  let text = ''
  for await (const part of socket) text += String(part)
  return JSON.parse(/\{.*\}/s.exec(text)?.[0] ?? '{}').headers
}

test.each([1, 2] as const)(
  'HTTP: a trusted header of version %i names the client',
  async (version) => {
    await using service = await echo()
    await using proxy = await bed({ trust: ['127.0.0.1'] })
    proxy.catalog.set(catalogOf([instance({ port: service.port })]))
    const socket = connect({ host: '127.0.0.1', port: proxy.port, noDelay: true })
    for (const byte of proxyAnnouncement(version, ends)) socket.write(Buffer.from([byte]))
    socket.write(request())
    expect(await heard(socket)).toMatchObject({
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-port': '8443',
    })
  },
)

test('HTTP: a trusted peer without a header is served as before, one that is bad is not', async () => {
  await using service = await echo()
  await using proxy = await bed({ trust: ['127.0.0.1'] })
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const plain = connect({ host: '127.0.0.1', port: proxy.port })
  plain.write(request('X-Forwarded-For: 198.51.100.9\r\n'))
  expect((await heard(plain))['x-forwarded-for']).toMatch(/^198\.51\.100\.9/)
  const bad = connect({ host: '127.0.0.1', port: proxy.port })
  bad.on('error', () => {})
  bad.write(`PROXY TCP4 nonsense\r\n${request()}`)
  expect(await received(bad).catch(String)).not.toContain('HTTP/1.1')
})

test('HTTP: what is announced is not trusted by itself, and nobody else may announce', async () => {
  await using service = await echo()
  await using proxy = await bed({ trust: ['127.0.0.1'] })
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const socket = connect({ host: '127.0.0.1', port: proxy.port })
  socket.write(proxyAnnouncement(1, ends))
  socket.write(request('X-Forwarded-For: 198.51.100.9\r\n'))
  expect((await heard(socket))['x-forwarded-for']).toBe('203.0.113.7')

  await using strict = await bed()
  strict.catalog.set(catalogOf([instance({ port: service.port })]))
  const other = connect({ host: '127.0.0.1', port: strict.port })
  other.write(proxyAnnouncement(1, ends))
  other.write(request())
  expect(String(await received(other))).toMatch(/^HTTP\/1\.1 400 /)
})

test('HTTPS: the header stands before the handshake', async () => {
  await using ca = await authority()
  const { cert, key } = await ca.certificate({ names: ['DNS:shop.test'], common: 'shop' })
  const certificate = readCertificate({ name: 'shop', source: 'folder' }, { chain: cert, key })
  await using service = await echo()
  await using proxy = await bed({
    listeners: [{ entrypoint: 'https', host: '127.0.0.1', port: 0, kind: 'https' }],
    certificates: live([certificate]),
    trust: ['127.0.0.1'],
  })
  const routes = [{ rule: 'Host(`shop.test`)', entrypoints: ['https'] }]
  proxy.catalog.set(catalogOf([instance({ port: service.port, routes })]))
  for (const header of [proxyAnnouncement(2, ends), Buffer.alloc(0)]) {
    const socket: Socket = connect({ host: '127.0.0.1', port: proxy.port })
    await once(socket, 'connect')
    if (header.length > 0) socket.write(header)
    const secured = connectTls({ socket, servername: 'shop.test', ca: ca.ca })
    secured.write(request())
    const expected = header.length > 0 ? '203.0.113.7' : '127.0.0.1'
    expect(await heard(secured)).toMatchObject({ 'x-forwarded-for': expected })
  }
})
