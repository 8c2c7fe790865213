import { expect, test } from 'vitest'

import { proxyAnnouncement } from '../../../src/proxy/tcp/proxy-announce.ts'
import { readProxyHeader } from '../../../src/proxy/tcp/proxy-header.ts'

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')

function second(command: number, family: number, content: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(content.length, 0)
  return Buffer.concat([signature, Buffer.from([command, family]), length, content])
}

const four = Buffer.from('cb0071077f000001d4311538', 'hex')
const ends = {
  source: { ip: '203.0.113.7', port: 54_321 },
  destination: { ip: '127.0.0.1', port: 5432 },
}

test.each([
  ['TCP4 203.0.113.7 127.0.0.1 54321 5432', ends],
  [
    'TCP6 2001:DB8::1 ::1 1 65535',
    { source: { ip: '2001:DB8::1', port: 1 }, destination: { ip: '::1', port: 65_535 } },
  ],
  ['UNKNOWN', undefined],
  ['UNKNOWN ffff::1 ffff::2 1 2', undefined],
])('version 1: %s', (line, said) => {
  const bytes = Buffer.from(`PROXY ${line}\r\n`)
  const header = { kind: 'header', length: bytes.length, ends: said }
  expect(readProxyHeader(Buffer.concat([bytes, Buffer.from('rest')]))).toEqual(header)
  for (let at = 0; at < bytes.length; at++) {
    expect(readProxyHeader(bytes.subarray(0, at)).kind).toBe('more')
  }
})

test.each([
  'TCP4 203.0.113.7 127.0.0.1 54321 5432 ',
  'TCP4  203.0.113.7 127.0.0.1 54321 5432',
  'TCP4 203.0.113.7 127.0.0.1 054 5432',
  'TCP4 203.0.113.7 127.0.0.1 65536 5432',
  'TCP4 203.0.113.07 127.0.0.1 1 2',
  'TCP4 ::1 ::1 1 2',
  'TCP6 1.2.3.4 ::1 1 2',
  'TCP4 203.0.113.7 127.0.0.1 1',
  'TCP5 203.0.113.7 127.0.0.1 1 2',
  'UDP4 203.0.113.7 127.0.0.1 1 2',
  '/path HTTP/1.1',
  `UNKNOWN ${'x'.repeat(100)}`,
])('version 1 refuses %j', (line) => {
  expect(readProxyHeader(Buffer.from(`PROXY ${line}\r\n`)).kind).toBe('bad')
})

test('version 1 wants CRLF, and ends at 107 bytes', () => {
  expect(readProxyHeader(Buffer.from('PROXY UNKNOWN\n')).kind).toBe('bad')
  expect(readProxyHeader(Buffer.from(`PROXY UNKNOWN ${'x'.repeat(93)}`)).kind).toBe('bad')
  expect(readProxyHeader(Buffer.from(`PROXY UNKNOWN ${'x'.repeat(92)}`)).kind).toBe('more')
})

test('version 2 over IPv4 and IPv6, with TLVs that nobody knows', () => {
  const tlvs = Buffer.from([4, 0, 2, 9, 9, 0xe0, 0, 0])
  const bytes = second(0x21, 0x11, Buffer.concat([four, tlvs]))
  expect(readProxyHeader(bytes)).toEqual({ kind: 'header', length: bytes.length, ends })
  for (let at = 0; at < bytes.length; at++) {
    expect(readProxyHeader(bytes.subarray(0, at)).kind).toBe('more')
  }
  const from = Buffer.from('20010db8000000000000000000000001', 'hex')
  const to = Buffer.from('00000000000000000000ffff7f000001', 'hex')
  const six = Buffer.concat([from, to, Buffer.from([0, 1, 0, 2])])
  expect(readProxyHeader(second(0x21, 0x21, six))).toMatchObject({
    ends: { source: { ip: '2001:db8::1', port: 1 }, destination: { ip: '127.0.0.1', port: 2 } },
  })
})

test('version 2: who connects for himself, or from nowhere, has the address of his connection', () => {
  for (const bytes of [
    second(0x20, 0, Buffer.alloc(0)),
    second(0x20, 0x11, four),
    second(0x21, 0, Buffer.from('whatever')),
    second(0x21, 0x31, Buffer.alloc(216)),
  ]) {
    expect(readProxyHeader(bytes)).toEqual({
      kind: 'header',
      length: bytes.length,
      ends: undefined,
    })
  }
})

test('version 2 refuses what does not fit', () => {
  for (const bytes of [
    second(0x22, 0x11, four),
    second(0x11, 0x11, four),
    second(0x21, 0x11, four.subarray(1)),
    second(0x21, 0x21, four),
    second(0x21, 0x11, Buffer.concat([four, Buffer.from([4, 0, 2, 9])])),
    second(0x21, 0x11, Buffer.concat([four, Buffer.from([4, 0])])),
    second(0x21, 0x11, Buffer.alloc(5000)).subarray(0, 16),
  ]) {
    expect(readProxyHeader(bytes).kind).toBe('bad')
  }
})

test('other protocols are none of it, however little has come', () => {
  for (const text of ['POST / HTTP/1.1', 'GET', 'PR ', '\r\n\r\nx', '\u0016\u0003\u0001']) {
    expect(readProxyHeader(Buffer.from(text, 'latin1')).kind).toBe('none')
  }
  for (const text of ['', 'P', 'PROXY', '\r\n\r\n']) {
    expect(readProxyHeader(Buffer.from(text, 'latin1')).kind).toBe('more')
  }
})

test.each([1, 2] as const)('what we announce by version %i is what is read', (version) => {
  const six = {
    source: { ip: '2001:db8::a:1', port: 9 },
    destination: { ip: 'fe80::1%eth0', port: 443 },
  }
  const mixed = { source: ends.source, destination: { ip: '2001:db8::2', port: 80 } }
  expect(readProxyHeader(proxyAnnouncement(version, ends))).toMatchObject({ ends })
  expect(readProxyHeader(proxyAnnouncement(version, six))).toMatchObject({
    ends: { source: six.source, destination: { ip: 'fe80::1', port: 443 } },
  })
  expect(readProxyHeader(proxyAnnouncement(version, mixed))).toMatchObject({ ends: mixed })
})

test('the bytes of an announcement are those of the specification', () => {
  expect(proxyAnnouncement(2, ends)).toEqual(second(0x21, 0x11, four))
  expect(proxyAnnouncement(1, ends).toString()).toBe(
    'PROXY TCP4 203.0.113.7 127.0.0.1 54321 5432\r\n',
  )
})
