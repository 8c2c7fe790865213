import { expect, test } from 'vitest'

import { parseStoreUrl } from '../../src/store/etcd/url.ts'

for (const [text, tls, endpoints] of [
  ['etcd://e1:2379,e2:12379', false, ['e1:2379', 'e2:12379']],
  ['etcds://etcd.example.com', true, ['etcd.example.com:2379']],
  ['etcd://10.0.0.1,[::1]:99/', false, ['10.0.0.1:2379', '[::1]:99']],
] as const) {
  test(`${text} names etcd at ${endpoints.join(' and ')}`, () => {
    expect(parseStoreUrl(text)).toEqual({ kind: 'etcd', tls, endpoints })
  })
}

test('embedded is the store in memory', () => {
  expect(parseStoreUrl('embedded')).toEqual({ kind: 'embedded' })
})

for (const text of [
  '',
  'etcd',
  'etcd://',
  'http://e1:2379',
  'etcd://e1:0',
  'etcd://e1:2379/x',
  'etcd://,e1',
]) {
  test(`${JSON.stringify(text)} is refused with the remedy`, () => {
    expect(() => parseStoreUrl(text)).toThrow(/is not a store; write embedded, etcd:\/\/host:2379/)
  })
}

test('a password in the address is refused, and not repeated', () => {
  const read = () => parseStoreUrl('etcd://me:secret@e1:2379')
  expect(read).toThrow(/--etcd-password-file/)
  expect(read).not.toThrow(/secret/)
})
