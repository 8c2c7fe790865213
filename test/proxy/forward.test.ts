import { expect, test } from 'vitest'

import { backend, bed, catalogOf, echo, instance, named } from './bed.ts'

test('before the first catalog every host gets 503 and is asked to try again', async () => {
  await using proxy = await bed()
  const answer = await proxy.get()
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1'])
})

test('a request reaches its service, and the answer comes back whole', async () => {
  await using service = await echo()
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const answer = await proxy.get('/a%20b?x=1&y', { method: 'POST', body: 'hello' })
  expect(answer.status).toBe(200)
  expect(JSON.parse(answer.body)).toMatchObject({
    method: 'POST',
    url: '/a%20b?x=1&y',
    body: 'hello',
  })
})

test('an unknown host gets 404, as JSON or as a page', async () => {
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([]))
  const json = await proxy.get('/', { host: 'other.test' })
  expect([json.status, JSON.parse(json.body).status]).toEqual([404, 404])
  const page = await proxy.get('/', { host: 'other.test', headers: { accept: 'text/html' } })
  expect([page.status, page.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8'])
})

test('a catalog that is not complete says 503 where a complete one says 404', async () => {
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([], { complete: false }))
  expect((await proxy.get()).status).toBe(503)
})

test('status, headers and cookies of an answer are kept', async () => {
  await using service = await backend((_, response) => {
    response.writeHead(418, 'Teapot', { 'set-cookie': ['a=1', 'b=2'], 'x-own': 'yes' })
    response.end('short')
  })
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  const { status, headers, body } = await proxy.get()
  expect([status, headers['set-cookie'], headers['x-own'], body]).toEqual([
    418,
    ['a=1', 'b=2'],
    'yes',
    'short',
  ])
})

test('connections to an endpoint are used again', async () => {
  await using service = await named('one')
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))
  for (let turn = 0; turn < 5; turn++) await proxy.get()
  expect(service.connections()).toBe(1)
})

test('an idle pair alternates', async () => {
  await using one = await named('one')
  await using two = await named('two')
  await using proxy = await bed()
  proxy.catalog.set(
    catalogOf([
      instance({ port: one.port }),
      instance({ port: two.port, container: 'b'.repeat(64), name: 'shop-web-2' }),
    ]),
  )
  const got: string[] = []
  for (let turn = 0; turn < 6; turn++) got.push((await proxy.get()).body)
  expect([
    ['one', 'two'],
    ['two', 'one'],
  ]).toContainEqual(got.slice(0, 2))
  expect(got.slice(2, 4)).toEqual(got.slice(0, 2))
  expect(got.slice(4, 6)).toEqual(got.slice(0, 2))
})
