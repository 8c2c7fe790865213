import { expect, test } from 'vitest'

import { type Certificate, certificateIndex } from '../../src/core/certificate.ts'

const dayMs = 86_400_000
const nowMs = 1000 * dayMs

function certificate(name: string, names: readonly string[], from = -10, to = 80): Certificate {
  const notBeforeMs = nowMs + from * dayMs
  const notAfterMs = nowMs + to * dayMs
  const rest = { source: 'folder', fingerprint: name, chain: '', key: '' } as const
  return { name, names, notBeforeMs, notAfterMs, ...rest }
}

function chosen(set: readonly Certificate[], name: string | undefined, wish?: string) {
  return certificateIndex(set, nowMs).choose(name, wish)?.name
}

const exact = certificate('exact', ['shop.test'], -50)
const wildcard = certificate('wildcard', ['*.test', '*.shop.test'], -1)
const other = certificate('other', ['other.example'])
const fallback = certificate('default', [])
const set = [other, wildcard, exact, fallback]

test('a name of its own wins over a wildcard, which is one label', () => {
  expect(chosen(set, 'shop.test')).toBe('exact')
  expect(chosen(set, 'www.shop.test')).toBe('wildcard')
  expect(chosen(set, 'blog.test')).toBe('wildcard')
  expect(chosen(set, 'a.b.shop.test')).toBe('default')
})

test('a name that nobody has gets the default certificate, or none', () => {
  expect(chosen(set, 'unknown.example')).toBe('default')
  expect(chosen(set, undefined)).toBe('default')
  expect(chosen([exact], 'unknown.example')).toBeUndefined()
  expect(chosen([exact], undefined)).toBeUndefined()
  expect(certificateIndex(set, nowMs).covers('unknown.example')).toBe(false)
  expect(certificateIndex(set, nowMs).covers('blog.test')).toBe(true)
})

test('of several the valid one, then the newest, then the one that lasts longest', () => {
  const old = certificate('old', ['a.test'], -20, 100)
  const fresh = certificate('fresh', ['a.test'], -5, 50)
  const longer = certificate('longer', ['a.test'], -5, 60)
  const expired = certificate('expired', ['a.test'], -2, -1)
  const early = certificate('early', ['a.test'], 1, 100)
  expect(chosen([old, fresh], 'a.test')).toBe('fresh')
  expect(chosen([fresh, longer, old], 'a.test')).toBe('longer')
  expect(chosen([expired, early, old], 'a.test')).toBe('old')
  expect(chosen([expired], 'a.test')).toBe('expired')
})

test("a route's wish wins if it is there", () => {
  expect(chosen(set, 'shop.test', 'other')).toBe('other')
  expect(chosen(set, 'shop.test', 'missing')).toBe('exact')
})

test('one that names nobody answers for the host that its files are called by', () => {
  const plain = certificate('dev.test', [])
  expect(chosen([plain], 'dev.test')).toBe('dev.test')
  expect(chosen([plain, certificate('real', ['dev.test'])], 'dev.test')).toBe('real')
  expect(chosen([fallback], 'default')).toBe('default')
  expect(certificateIndex([fallback], nowMs).covers('default')).toBe(false)
})
