import { expect, test } from 'vitest'

import { type Caller, refusalOf } from '../../src/admin/guard.ts'
import { raw, statusOf } from './raw.ts'
import { startAdmin } from './start.ts'

for (const [host, status] of [
  ['127.0.0.1:8070', 200],
  ['[::1]:8070', 200],
  ['192.0.2.7', 200],
  ['localhost', 200],
  ['LOCALHOST.:8070', 200],
  ['admin.localhost:8070', 200],
  ['portolan:8070', 200],
  ['host.docker.internal:8070', 200],
  ['ops.example.com', 200],
  ['evil.example', 403],
  ['127.0.0.1.evil.example', 403],
  ['localhost.evil.example', 403],
  ['127.0.0.1@evil.example', 403],
  ['[evil.example]', 403],
  ['a b', 403],
] as const) {
  test(`a request for host ${host} is answered ${status}`, async () => {
    await using admin = await startAdmin({ hosts: ['ops.example.com'] })
    expect(await statusOf(admin.port, 'GET /v1/instances', { Host: host })).toBe(status)
  })
}

test('HTTP/1.0 without a host is answered, HTTP/1.1 without one is not', async () => {
  await using admin = await startAdmin()
  expect(await raw(admin.port, 'GET /healthz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200/)
  expect(await raw(admin.port, 'GET /healthz HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/)
})

for (const [origin, status] of [
  ['http://localhost:8070', 200],
  ['http://localhost:1234', 403],
  ['http://evil.example', 403],
  ['null', 403],
] as const) {
  test(`a page of ${origin} is answered ${status}, for reads and writes alike`, async () => {
    await using admin = await startAdmin()
    const headers = { Host: 'localhost:8070', Origin: origin }
    expect(await statusOf(admin.port, 'POST /v1/leave', headers)).toBe(status)
    expect(await statusOf(admin.port, 'GET /v1/problems', headers)).toBe(status)
  })
}

test('a form of another site cannot write, even where the browser hides its origin', async () => {
  let left = 0
  await using admin = await startAdmin({ leave: async () => void left++ })
  const headers = { Host: 'localhost', 'Sec-Fetch-Site': 'cross-site' }
  expect(await statusOf(admin.port, 'POST /v1/leave', headers)).toBe(403)
  expect(left).toBe(0)
})

test('a write that another server passed on is not from this machine', async () => {
  let left = 0
  await using admin = await startAdmin({ leave: async () => void left++ })
  for (const header of ['X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP']) {
    const status = await statusOf(admin.port, 'POST /v1/leave', { Host: 'a', [header]: 'for=::1' })
    expect(status).toBe(403)
  }
  expect(left).toBe(0)
  expect(await statusOf(admin.port, 'POST /v1/leave', { Host: 'a' })).toBe(200)
  expect(left).toBe(1)
})

const write: Caller = {
  method: 'POST',
  host: '192.0.2.1:8070',
  origin: undefined,
  site: undefined,
  authorization: undefined,
  remote: '192.0.2.9',
  forwarded: false,
}

test('writes come from loopback, or bring the token', () => {
  const status = (parts: Partial<Caller>, token?: string) =>
    refusalOf({ ...write, ...parts }, { token })?.status
  expect(status({})).toBe(403)
  expect(status({ remote: '127.0.0.1' })).toBeUndefined()
  expect(status({ remote: '::1' })).toBeUndefined()
  expect(status({ remote: '::ffff:127.0.0.1' })).toBeUndefined()
  expect(status({ remote: '::ffff:192.0.2.9' })).toBe(403)
  expect(status({ authorization: 'Bearer right' }, 'right')).toBeUndefined()
  expect(status({ authorization: 'Bearer wrong' }, 'right')).toBe(401)
  expect(status({ authorization: 'Bearer undefined' })).toBe(401)
  expect(status({ authorization: 'Bearer ', remote: '127.0.0.1' })).toBe(401)
})
