import { expect, test } from 'vitest'

import { Asked } from '../../src/proxy/exchange/asked.ts'
import { RequestHead } from '../../src/proxy/http1/request-head.ts'
import { backend, bed, catalogOf, instance } from './bed.ts'
import { get, wireClient } from './hostile/wire.ts'
import { origin } from './origin.ts'

const long = `Cookie: ${'c'.repeat(5000)}\r\n`

test('nothing is kept of a large head when its request is answered, and what is small stays', () => {
  const head = new RequestHead()
  const asked = new Asked(origin, false)
  const read = (text: string) => {
    const bytes = Buffer.from(text)
    expect(head.scan(bytes, 0, bytes.length)).toBe(bytes.length)
    expect(asked.read(head, bytes)).toBeUndefined()
  }
  const kept = () => [
    asked.fields,
    asked.sent,
    asked.path,
    asked.search,
    asked.host,
    asked.hostText,
  ]
  read(get('/a?b'))
  expect(asked.forget()).toBe(false)
  expect(asked.hostText).toBe('shop.test')
  read(get('/a?b', long))
  expect(asked.forget()).toBe(true)
  expect(kept().join('')).toBe('')
  read(get('/a?b'))
  expect([asked.host, asked.path, asked.search]).toEqual(['shop.test', '/a', '?b'])
})

test('a connection serves the same host after a large head as before it', async () => {
  await using service = await backend(({ headers }, response) =>
    response.end(
      `${headers.host} ${String(headers['x-forwarded-host'])} ${headers.cookie?.length}.`,
    ),
  )
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  using client = wireClient(proxy.port)
  client.send(get('/'))
  await client.until(/shop.test shop.test undefined\.$/)
  client.send(get('/', long))
  await client.until(/shop.test shop.test 5000\.$/)
  client.send(get('/'))
  await client.until(/5000\.[^]+shop.test shop.test undefined\.$/)
})
