import { expect, test } from 'vitest'

import { coding, more } from '../../../src/proxy/http1/fields.ts'
import { limits } from '../../../src/proxy/http1/limits.ts'
import { field } from '../../../src/proxy/http1/names.ts'
import { RequestHead } from '../../../src/proxy/http1/request-head.ts'

const head = new RequestHead()

function scan(text: string, length = text.length): number {
  return head.scan(Buffer.from(text, 'latin1'), 0, length)
}

/** Whatever comes first: it is waited for the rest, or refused as the whole is. */
function expectSameOfEachPart(text: string, whole: number): void {
  for (let length = 0; length < text.length; length++) {
    const found = scan(text, length)
    if (found !== more) expect([length, found]).toEqual([length, whole])
  }
}

const good: readonly (readonly [sentence: string, text: string])[] = [
  ['the shortest', 'GET / HTTP/1.1\r\n\r\n'],
  ['HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\n\r\n'],
  ['an empty value', 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
  ['blanks around a value', 'GET / HTTP/1.1\r\nA: \t b \t\r\n\r\n'],
  ['a value that is not ASCII', 'GET / HTTP/1.1\r\nA: \xe4\xff\r\n\r\n'],
  ['a strange method', "M-SEARCH!#$%&'*+.^_`|~ / HTTP/1.1\r\n\r\n"],
  ['every character of a target', 'GET /!"$%&\'()*+,-./:;<=>?@[]^_`{|}~ HTTP/1.1\r\n\r\n'],
]
for (const [sentence, text] of good) {
  test(`${sentence} is a head, and none of its parts is`, () => {
    expect(scan(text)).toBe(text.length)
    for (let length = 0; length < text.length; length++) expect(scan(text, length)).toBe(more)
    expect(scan(`${text}more`)).toBe(text.length)
  })
}

const line = 'GET / HTTP/1.1\r\n'
const bad: readonly (readonly [sentence: string, text: string, status: number])[] = [
  ['HTTP/0.9', 'GET /\r\n', 400],
  ['HTTP/1.10', 'GET / HTTP/1.10\r\n\r\n', 400],
  ['HTTP/01.1', 'GET / HTTP/01.1\r\n\r\n', 400],
  ['http/1.1', 'GET / http/1.1\r\n\r\n', 400],
  ['HTTP/2.0', 'GET / HTTP/2.0\r\n\r\n', 505],
  ['HTTP/1.2', 'GET / HTTP/1.2\r\n\r\n', 505],
  ['two spaces before the target', 'GET  / HTTP/1.1\r\n\r\n', 400],
  ['two spaces before the version', 'GET /  HTTP/1.1\r\n\r\n', 400],
  ['a tab in the request line', 'GET\t/ HTTP/1.1\r\n\r\n', 400],
  ['a space behind the version', 'GET / HTTP/1.1 \r\n\r\n', 400],
  ['a bare line feed', 'GET / HTTP/1.1\nHost: a\n\n', 400],
  ['a bare carriage return', 'GET / HTTP/1.1\rHost: a\r\r', 400],
  ['an empty method', ' / HTTP/1.1\r\n\r\n', 400],
  ['a method with a colon', 'G:T / HTTP/1.1\r\n\r\n', 400],
  ['a long method', `${'G'.repeat(limits.method + 1)} / HTTP/1.1\r\n\r\n`, 400],
  ['a fragment', 'GET /a#b HTTP/1.1\r\n\r\n', 400],
  ['a backslash', 'GET /a\\b HTTP/1.1\r\n\r\n', 400],
  ['NUL in the target', 'GET /\0 HTTP/1.1\r\n\r\n', 400],
  ['raw text that is not ASCII in the target', 'GET /\xfc HTTP/1.1\r\n\r\n', 400],
  ['TLS', '\x16\x03\x01\x02', 400],
  ['a space before the colon', `${line}A : b\r\n\r\n`, 400],
  ['a space before the name', `${line} A: b\r\n\r\n`, 400],
  ['a folded value', `${line}A: b\r\n c\r\n\r\n`, 400],
  ['a folded value with a tab', `${line}A: b\r\n\tc\r\n\r\n`, 400],
  ['an empty name', `${line}: b\r\n\r\n`, 400],
  ['no colon', `${line}A\r\n\r\n`, 400],
  ['a name that is not ASCII', `${line}\xc4: b\r\n\r\n`, 400],
  ['a name with parentheses', `${line}A(b): c\r\n\r\n`, 400],
  ['NUL in a value', `${line}A: b\0c\r\n\r\n`, 400],
  ['DEL in a value', `${line}A: b\x7fc\r\n\r\n`, 400],
  ['a bare CR in a value', `${line}A: b\rc\r\n\r\n`, 400],
  ['a bare LF in a value', `${line}A: b\nC: d\r\n\r\n`, 400],
  ['a bare LF at the end', `${line}A: b\r\n\n`, 400],
  ['CR at the end without LF', `${line}A: b\r\n\rX`, 400],
  ['two lengths', `${line}Content-Length: 3\r\ncontent-length: 3\r\n\r\n`, 400],
  ['two codings', `${line}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
  ...['+5', '-1', '-0', '0x5', '1_0', '5 5', '', '05', '5, 5', '5,6', '1e3', '9'.repeat(16)].map(
    (length) => [`length ${length}`, `${line}Content-Length: ${length}\r\n\r\n`, 400] as const,
  ),
]
for (const [sentence, text, status] of bad) {
  test(`${sentence} is refused with ${status}, wherever it is cut`, () => {
    expect(scan(text)).toBe(-status)
    expect(head.why).not.toBe('')
    expectSameOfEachPart(text, -status)
  })
}

test('what is too long is refused before it is whole', () => {
  const start = 'GET / HTTP/1.1\r\n'
  expect(scan(`GET /${'a'.repeat(limits.target)}`)).toBe(-414)
  expect(scan(`${start}A: ${'b'.repeat(limits.line)}`)).toBe(-431)
  expect(scan(`${start}${`A: ${'b'.repeat(1000)}\r\n`.repeat(66)}`)).toBe(-431)
  expect(scan(`${start}${'A: b\r\n'.repeat(limits.fields)}\r\n`)).toBeGreaterThan(0)
  expect(scan(`${start}${'A: b\r\n'.repeat(limits.fields + 1)}`)).toBe(-431)
})

const codings: readonly (readonly [value: string, expected: number])[] = [
  ['chunked', coding.chunked],
  ['CHUNKED', coding.chunked],
  [' chunked ', coding.chunked],
  ['gzip', coding.unknown],
  ['gzip, chunked', coding.unknown],
  ['xchunked', coding.unknown],
  ['identity', coding.malformed],
  ['', coding.malformed],
  [',chunked', coding.malformed],
  ['chunked,', coding.malformed],
  ['chunked, chunked', coding.malformed],
  ['chunked, gzip', coding.malformed],
  ['chunked;p=1', coding.malformed],
  ['\xa0chunked\xa0', coding.malformed],
  ['"chunked"', coding.malformed],
]
for (const [value, expected] of codings) {
  test(`Transfer-Encoding ${JSON.stringify(value)} is read as it is`, () => {
    expect(scan(`${line}Transfer-Encoding: ${value}\r\n\r\n`)).toBeGreaterThan(0)
    expect(head.coding).toBe(expected)
  })
}

test('control characters around a coding are refused', () => {
  for (const control of ['\x0b', '\x0c', '\0']) {
    expect(scan(`${line}Transfer-Encoding: ${control}chunked\r\n\r\n`)).toBe(-400)
  }
})

test('what is said of target and length is noted', () => {
  const text = 'PUT /a/../b%20?c=/./ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'
  expect(scan(text)).toBe(text.length)
  const bytes = Buffer.from(text, 'latin1')
  expect(bytes.latin1Slice(head.targetStart, head.targetEnd)).toBe('/a/../b%20?c=/./')
  expect([head.unusual, head.query, head.minor]).toEqual([true, text.indexOf('?'), 1])
  expect([head.contentLength, head.isPlainLength, head.value(bytes, head.host)]).toEqual([
    0,
    true,
    'x',
  ])
  expect(scan(`${line}Content-Length:7\r\n\r\n`)).toBeGreaterThan(0)
  expect([head.contentLength, head.isPlainLength]).toEqual([7, false])
  expect(scan('GET /a?b=/../%20 HTTP/1.1\r\n\r\n')).toBeGreaterThan(0)
  expect(head.unusual).toBe(false)
})

test('a head is found where it begins, and nothing of the one before is left', () => {
  const first = `POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\n`
  const second = 'GET /b HTTP/1.1\r\nX: y\r\n\r\n'
  const bytes = Buffer.from(first + second, 'latin1')
  expect(head.scan(bytes, 0, bytes.length)).toBe(first.length)
  expect(head.scan(bytes, first.length, bytes.length)).toBe(bytes.length)
  expect([head.hosts, head.contentLength, head.close, head.minor, head.count]).toEqual([
    0,
    -1,
    false,
    1,
    1,
  ])
})

test('headers are told by name, whatever their case, and by nothing that is like them', () => {
  const names: Readonly<Record<string, number>> = {
    HOST: field.host,
    'content-Length': field.contentLength,
    'Transfer-encoding': field.transferEncoding,
    CONNECTION: field.connection,
    upgrade: field.upgrade,
    Expect: field.expect,
    Via: field.via,
    TE: field.hop,
    Trailer: field.hop,
    'Keep-Alive': field.hop,
    'Proxy-Authorization': field.hop,
    'Proxy-Authenticate': field.hop,
    'Proxy-Connection': field.hop,
    'X-Forwarded-For': field.forwardedFor,
    Forwarded: field.forwarded,
    'X-Real-IP': field.realIp,
    'X-Request-Id': field.requestId,
    'X-Forwarded-Client-Cert': field.forwardedOther,
    X_Forwarded_For: field.forwardedOther,
    'X-Forwarded_Host': field.forwardedOther,
    X_Real_IP: field.forwardedOther,
    'Content-Type': field.contentType,
    Hosts: field.other,
    Hos: field.other,
    'X-Forwarded': field.other,
    Content_Length: field.other,
    'X-Requested-With': field.other,
  }
  for (const [name, kind] of Object.entries(names)) {
    const value = kind === field.contentLength ? '1' : 'chunked'
    expect([name, scan(`${line}${name}: ${value}\r\n\r\n`) > 0]).toEqual([name, true])
    expect([name, head.kinds[0]]).toEqual([name, kind])
  }
})

test('what Connection names goes no further, but for what frames the message', () => {
  const text = `${line}X-A: 1\r\nX-B: 2\r\nHost: h\r\nContent-Length: 3\r\nConnection: x-a, Host,content-length, UPGRADE , close\r\nUpgrade: websocket\r\n\r\n`
  expect(scan(text)).toBe(text.length)
  expect(Array.from(head.kinds.subarray(0, head.count))).toEqual([
    field.hop,
    field.other,
    field.host,
    field.contentLength,
    field.connection,
    field.upgrade,
  ])
  expect(Array.from(head.special.subarray(0, head.specials))).toEqual([0, 2, 3, 4, 5])
  expect([head.close, head.wantsUpgrade]).toEqual([true, true])
  expect(scan(`${line}Connection: keep-alive\r\n\r\n`)).toBeGreaterThan(0)
  expect([head.close, head.keepAlive, head.wantsUpgrade]).toEqual([false, true, false])
})
