import { expect, test } from 'vitest'

import { chunk, ChunkScanner } from '../../../src/proxy/http1/chunks.ts'
import { limits } from '../../../src/proxy/http1/limits.ts'

type Read = {
  /** The content without chunks. */
  readonly data: string
  /** What goes on as it is. */
  readonly passed: string
  readonly ends: 'more' | 'done' | 'bad'
  /** What comes after the end. */
  readonly rest: string
}

/** Reads pieces that come one after the other. */
function read(...pieces: readonly string[]): Read {
  const scanner = new ChunkScanner()
  let data = ''
  let passed = ''
  for (const [index, piece] of pieces.entries()) {
    const bytes = Buffer.from(piece, 'latin1')
    let found: number = chunk.data
    for (let at = 0; found !== chunk.more; at = scanner.end) {
      found = scanner.next(bytes, at, bytes.length)
      if (found === chunk.bad) return { data, passed, ends: 'bad', rest: '' }
      if (found === chunk.data) data += bytes.latin1Slice(scanner.start, scanner.end)
      passed += bytes.latin1Slice(at, found === chunk.extra ? scanner.start : scanner.end)
      if (found === chunk.done) {
        const rest = bytes.latin1Slice(scanner.end) + pieces.slice(index + 1).join('')
        return { data, passed, ends: 'done', rest }
      }
    }
  }
  return { data, passed, ends: 'more', rest: '' }
}

const good: readonly (readonly [sentence: string, text: string, data: string, passed: string])[] = [
  ['an empty body', '0\r\n\r\n', '', '0\r\n\r\n'],
  ['two chunks', '3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n', 'abc0123456789', ''],
  ['upper and lower case', 'a\r\n0123456789\r\n00\r\n\r\n', '0123456789', ''],
  ['content that looks like chunks', '5\r\n0\r\n\r\n\r\n0\r\n\r\n', '0\r\n\r\n', ''],
  ['an extension', '3;a=b;c="d\\"\\x\t";e\r\nabc\r\n0;f\r\n\r\n', 'abc', '3\r\nabc\r\n0\r\n\r\n'],
  ['trailers', '1\r\na\r\n0\r\nA: b\r\nHost:\r\n\r\n', 'a', '1\r\na\r\n0\r\n\r\n'],
]
for (const [sentence, text, data, passed] of good) {
  test(`${sentence} is read, wherever it is cut`, () => {
    const expected = { data, passed: passed || text, ends: 'done', rest: '' }
    expect(read(text)).toEqual(expected)
    expect(read(`${text}GET /`).rest).toBe('GET /')
    expect(read(...text.split(''))).toEqual(expected)
    for (let at = 0; at <= text.length; at++) {
      expect(read(text.slice(0, at), text.slice(at))).toEqual(expected)
      if (at < text.length) expect(read(text.slice(0, at)).ends).toBe('more')
    }
  })
}

const bad: readonly (readonly [sentence: string, text: string])[] = [
  ['no size', '\r\nabc'],
  ['a prefix 0x', '0x2e\r\n'],
  ['an underscore', '0_2e\r\n'],
  ['a plus', '+1\r\n'],
  ['a minus', '-1\r\n'],
  ['a space before the size', ' 1\r\n'],
  ['a space behind the size', '1 \r\n'],
  ['a tab behind the size', '1\t;a\r\n'],
  ['a size beyond 2^52', '10000000000000\r\n'],
  ['a size beyond 2^64', '10000000000000001\r\n'],
  ['a bare line feed behind the size', '1\na\r\n'],
  ['a bare carriage return behind the size', '1\ra\r\n'],
  ['a bare semicolon', '1;\r\n'],
  ['an extension without a name', '1;=a\r\n'],
  ['an extension without a value', '1;a=\r\n'],
  ['a control character in an extension', '1;a\0\r\n'],
  ['a line feed in an extension', '1;a\nb\r\n'],
  ['a carriage return in an extension', '1;a\rb\r\n'],
  ['a quote that does not end', '1;a="b\r\n'],
  ['text behind a quote', '1;a="b"c\r\n'],
  ['more than the size says', '1\r\nab\r\n'],
  ['less than the size says', '3\r\nab\r\n0\r\n\r\n'],
  ['a bare line feed behind content', '1\r\na\n0\r\n\r\n'],
  ['a bare line feed at the end', '0\r\n\n'],
  ['a folded trailer', '0\r\n A: b\r\n\r\n'],
  ['a trailer with a space before the colon', '0\r\nA : b\r\n\r\n'],
  ['a trailer with a bare line feed', '0\r\nA: b\n\r\n'],
  ['a trailer with NUL', '0\r\nA: \0\r\n\r\n'],
  ['a request behind the last size', '0\r\nGET / HTTP/1.1\r\n\r\n'],
]
for (const [sentence, text] of bad) {
  test(`${sentence} is refused, wherever it is cut`, () => {
    expect(read(text).ends).toBe('bad')
    expect(read(...text.split('')).ends).toBe('bad')
    for (let at = 0; at <= text.length; at++) {
      expect(read(text.slice(0, at), text.slice(at)).ends).toBe('bad')
    }
  })
}

test('extensions and trailers are bounded over the whole body', () => {
  const one = `1;${'a'.repeat(1000)}\r\nb\r\n`
  expect(read(one.repeat(4)).ends).toBe('more')
  expect(read(one.repeat(5)).ends).toBe('bad')
  expect(read(`1;${'a'.repeat(limits.extensions)}`).ends).toBe('bad')
  expect(read(`0\r\n${'A: b\r\n'.repeat(limits.trailers / 6 + 1)}`).ends).toBe('bad')
})

test('one scanner reads one body after the other', () => {
  const scanner = new ChunkScanner()
  const bytes = Buffer.from('0\r\nA: b\r\n', 'latin1')
  for (let at = 0, found = 1; found !== chunk.more; at = scanner.end) {
    found = scanner.next(bytes, at, bytes.length)
  }
  scanner.reset()
  const whole = Buffer.from('1\r\na\r\n', 'latin1')
  expect(scanner.next(whole, 0, whole.length)).toBe(chunk.data)
  expect([scanner.start, scanner.end]).toEqual([3, 4])
})
