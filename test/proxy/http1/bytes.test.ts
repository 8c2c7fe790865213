import { expect, test } from 'vitest'

import { copyOf, joined } from '../../../src/proxy/http1/bytes.ts'

test('what is kept of a read keeps nothing else', () => {
  const read = Buffer.from('GET / HTTP/1.1')
  const copy = copyOf(read, 0, 3)
  const both = joined(copy, Buffer.from(' /'))
  expect([copy, both].map(String)).toEqual(['GET', 'GET /'])
  expect([copy, both].map(({ buffer }) => buffer.byteLength)).toEqual([3, 5])
})
