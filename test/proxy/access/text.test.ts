import { expect, test } from 'vitest'

import {
  msText,
  placeText,
  plainText,
  LineStart,
  wireText,
} from '../../../src/proxy/access/text.ts'

test('every text of a message is one string of JSON of visible ASCII', () => {
  for (let byte = 0; byte < 256; byte++) {
    const text = wireText(`a${String.fromCharCode(byte)}b`)
    expect(text).toMatch(/^"[ -~]*"$/)
    expect(JSON.parse(text)).toBe(byte < 128 ? `a${String.fromCharCode(byte)}b` : 'a\ufffdb')
  }
  expect(JSON.parse(wireText(Buffer.from('Käse \u2028').toString('latin1')))).toBe('Käse \u2028')
  expect(wireText(Buffer.from('\u2028\u009b').toString('latin1'))).toBe('"\\u2028\\u009b"')
  expect(plainText('sh"op/käse')).toBe('"sh\\"op/k\\u00e4se"')
})

test('lines begin with times of RFC 3339, wherever a second begins', () => {
  const text = new LineStart()
  for (const time of [
    '2026-11-28T01:59:59.999Z',
    '2026-11-28T02:00:00.000Z',
    '2026-11-28T01:59:59.007Z',
    '1999-12-31T23:59:59.010Z',
  ]) {
    const start = `{"log":"access","time":"${time}",`
    expect([text.of(Date.parse(time)), text.of(Date.parse(time))]).toEqual([start, start])
  }
})

test('durations are of microseconds, and IPv6 is told from its port', () => {
  expect([msText(0), msText(1.23456), msText(60_000)]).toEqual(['0.000', '1.235', '60000.000'])
  expect(placeText({ ip: 'fd00::1', port: 80 })).toBe('[fd00::1]:80')
})
