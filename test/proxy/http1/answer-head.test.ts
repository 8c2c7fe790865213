import { expect, test } from 'vitest'

import { AnswerHead, framing } from '../../../src/proxy/http1/answer-head.ts'
import { more } from '../../../src/proxy/http1/fields.ts'

const head = new AnswerHead()

function scan(text: string, length = text.length): number {
  return head.scan(Buffer.from(text, 'latin1'), 0, length)
}

for (const text of [
  'HTTP/1.1 200 OK\r\n\r\n',
  'HTTP/1.1 200 \r\nA: b\r\n\r\n',
  'HTTP/1.1 200\r\n\r\n',
  'HTTP/1.0 999 \xfcmlaut and more\r\n\r\n',
]) {
  test(`${JSON.stringify(text)} is a head, and none of its parts is`, () => {
    expect(scan(text)).toBe(text.length)
    for (let length = 0; length < text.length; length++) expect(scan(text, length)).toBe(more)
  })
}

for (const text of [
  'HTTP/1.1 99 no\r\n\r\n',
  'HTTP/1.1 20 no\r\n\r\n',
  'HTTP/1.1 2000 no\r\n\r\n',
  'HTTP/1.1  200 OK\r\n\r\n',
  'HTTP/2.0 200 OK\r\n\r\n',
  'HTTP/1.2 200 OK\r\n\r\n',
  'http/1.1 200 OK\r\n\r\n',
  'HTTP/1.1 200 OK\nA: b\n\n',
  'HTTP/1.1 200 O\rK\r\n\r\n',
  'HTTP/1.1 200 O\0K\r\n\r\n',
  'HTTP/1.1 200 OK\r\nA : b\r\n\r\n',
  'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
  'SSH-2.0-OpenSSH_9.2p1\r\n',
]) {
  test(`${JSON.stringify(text)} is refused, wherever it is cut`, () => {
    expect(scan(text)).toBe(-502)
    for (let length = 0; length < text.length; length++)
      expect([more, -502]).toContain(scan(text, length))
  })
}

const bodies: readonly (readonly [
  sentence: string,
  text: string,
  isHead: boolean,
  ends: number,
])[] = [
  ['a length', '200 OK\r\nContent-Length: 5', false, framing.length],
  ['chunks', '200 OK\r\nTransfer-Encoding: chunked', false, framing.chunked],
  ['nothing said', '200 OK\r\nA: b', false, framing.close],
  ['HEAD with a length', '200 OK\r\nContent-Length: 5', true, framing.none],
  ['204 with a length', '204 No\r\nContent-Length: 5', false, framing.none],
  ['304 with chunks', '304 No\r\nTransfer-Encoding: chunked', false, framing.none],
  ['length and chunks', '200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked', false, -502],
  ['both for a HEAD', '200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked', true, -502],
  ['another coding', '200 OK\r\nTransfer-Encoding: gzip, chunked', false, -502],
  ['identity', '200 OK\r\nTransfer-Encoding: identity', false, -502],
]
for (const [sentence, text, isHead, ends] of bodies) {
  test(`${sentence}: where the body ends is clear, or it is refused`, () => {
    expect(scan(`HTTP/1.1 ${text}\r\n\r\n`)).toBeGreaterThan(0)
    expect(head.framing(isHead)).toBe(ends)
  })
}

test('chunks in HTTP/1.0 are refused', () => {
  expect(scan('HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')).toBeGreaterThan(0)
  expect(head.framing(false)).toBe(-502)
})
