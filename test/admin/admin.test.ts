import { setTimeout as pause } from 'node:timers/promises'

import { Counter, Registry } from 'prom-client'
import { expect, test } from 'vitest'

import type { Checks } from '../../src/admin/views.ts'
import { PortolanError } from '../../src/core/errors.ts'
import { createLog } from '../../src/core/log.ts'
import { healthSchema } from '../../src/core/policy.ts'
import { instance } from '../core/samples.ts'
import { startAdmin } from './start.ts'

test('views are what main gives, with secrets masked', async () => {
  const basicAuth = { users: ['ann:$2y$05$hash'], realm: 'x', removeHeader: false }
  const request = { Authorization: 'Basic c2VjcmV0', 'X-A': '1' }
  const headers = { request, response: {}, secureResponse: { 'X-S': '1' } }
  const middlewares = { auth: { basicAuth }, set: { headers } }
  const health = healthSchema.parse({ headers: request })
  const policy = { ...instance().policy, health, middlewares }
  await using admin = await startAdmin({}, { instances: [instance({ policy })] })
  const text = await (await fetch(`${admin.url}/v1/instances`)).text()
  expect(text).not.toMatch(/hash|c2VjcmV0/)
  const { revision, items } = JSON.parse(text)
  expect(revision).toBe(7)
  expect(items).toHaveLength(1)
  expect(items[0]).toMatchObject({
    name: 'shop-web-1',
    identity: 'aaaaaaaaaaaa@2026-01-02T03:04:05.000000006Z:3000',
    address: { at: '172.18.0.3:3000', why: 'a network in common' },
    inFlight: 2,
    health: 'ok',
    policy: {
      health: { headers: { Authorization: 'masked', 'X-A': '1' } },
      middlewares: {
        auth: { basicAuth: 'masked' },
        set: {
          headers: {
            request: { Authorization: 'masked', 'X-A': '1' },
            secureResponse: { 'X-S': '1' },
          },
        },
      },
    },
  })
})

test('services say how many instances are ready, on which ports and nodes', async () => {
  const instances = [
    instance(),
    instance({ container: 'b'.repeat(64), node: 'h2', state: 'starting' }),
    instance({ service: 'db', project: '-', port: 5432, state: 'unhealthy' }),
  ]
  await using admin = await startAdmin({}, { instances })
  const answer = await fetch(`${admin.url}/v1/services`)
  const none = { ready: 0, starting: 0, unhealthy: 0, draining: 0 }
  const web = { id: 'shop/web', project: 'shop', service: 'web', total: 2, ports: [3000] }
  const db = { id: 'db', project: '-', service: 'db', total: 1, ports: [5432], nodes: ['h1'] }
  expect(await answer.json()).toEqual({
    revision: 7,
    items: [
      { ...none, ...web, nodes: ['h1', 'h2'], ready: 1, starting: 1 },
      { ...none, ...db, unhealthy: 1 },
    ],
  })
})

test('ready means: has read everything once, and is not stopping; what is away later only degrades', async () => {
  let now: Checks = { stopping: false, waiting: ['no catalog yet'], degraded: [] }
  await using admin = await startAdmin({ checks: () => now })
  const ask = async () => {
    const response = await fetch(`${admin.url}/readyz`)
    return [response.status, await response.json()]
  }
  expect(await ask()).toEqual([
    503,
    { status: 'starting', waiting: ['no catalog yet'], degraded: [] },
  ])
  now = { ...now, waiting: [] }
  expect(await ask()).toEqual([200, { status: 'ready', waiting: [], degraded: [] }])
  now = { ...now, degraded: ['etcd is away'] }
  expect(await ask()).toEqual([
    200,
    { status: 'degraded', waiting: [], degraded: ['etcd is away'] },
  ])
  now = { ...now, stopping: true }
  expect((await ask())[0]).toBe(503)
})

test('a process whose event loop stands still for too long is not healthy', async () => {
  await using admin = await startAdmin({ lagLimitMs: 500 })
  const ask = async () => (await fetch(`${admin.url}/healthz`)).status
  await pause(250)
  expect(await ask()).toBe(200)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 900)
  await pause(250)
  expect(await ask()).toBe(503)
})

test('metrics are those of the process and of the given registry', async () => {
  const registry = new Registry()
  new Counter({ name: 'portolan_test_total', help: 'x', registers: [registry] }).inc(3)
  await using admin = await startAdmin({ registry })
  const response = await fetch(`${admin.url}/metrics`)
  const text = await response.text()
  expect(response.headers.get('content-type')).toContain('text/plain')
  expect(text).toContain('portolan_test_total 3')
  expect(text).toContain('portolan_process_cpu_seconds_total')
  expect(text).toContain('portolan_nodejs_eventloop_lag_p99_seconds')
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
  expect(names.filter((name) => !name?.startsWith('portolan_'))).toEqual([])
})

test('what is not there is a 404 in JSON, and a view that fails a 500 that is logged once', async () => {
  const lines: string[] = []
  const log = createLog({
    level: 'info',
    format: 'json',
    to: { write: (line) => void lines.push(line) },
  })
  const checks = (): Checks => {
    throw new Error('broken on purpose')
  }
  await using admin = await startAdmin({ log, checks })
  const missing = await fetch(`${admin.url}/v1/nothing`)
  expect([missing.status, await missing.json()]).toEqual([404, { error: 'there is nothing here' }])
  const failing = await fetch(`${admin.url}/readyz`)
  expect([failing.status, await failing.json()]).toEqual([500, { error: 'broken on purpose' }])
  expect(lines).toHaveLength(1)
})

test('large bodies are refused, small ones are ignored', async () => {
  await using admin = await startAdmin()
  const leave = async (body: string) =>
    (await fetch(`${admin.url}/v1/leave`, { method: 'POST', body })).status
  expect(await leave('x'.repeat(5000))).toBe(413)
  expect(await leave('{')).toBe(200)
})

test('a failing leave says why', async () => {
  const leave = async () => {
    throw new PortolanError('store-down', 'etcd is away')
  }
  await using admin = await startAdmin({ leave })
  const response = await fetch(`${admin.url}/v1/leave`, { method: 'POST' })
  expect([response.status, await response.json()]).toEqual([500, { error: 'etcd is away' }])
})

test('a port that is taken is named, with what to do', async () => {
  await using admin = await startAdmin()
  const second = startAdmin({ listen: { host: '127.0.0.1', port: admin.port } })
  await expect(second).rejects.toMatchObject({
    code: 'listen',
    message: `--admin can't listen on 127.0.0.1:${admin.port}: the port is taken: stop what listens there, or choose another one with --admin`,
  })
})

test('without a host it listens on IPv4 and IPv6', async () => {
  await using admin = await startAdmin({ listen: { host: '', port: 0 } })
  for (const host of ['127.0.0.1', '[::1]']) {
    expect((await fetch(`http://${host}:${admin.port}/healthz`)).status).toBe(200)
  }
})

test('answers may not be framed, sniffed, kept or read by other sites', async () => {
  await using admin = await startAdmin()
  const { headers } = await fetch(admin.url)
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(headers.get('content-security-policy')).not.toContain('unsafe-inline')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('access-control-allow-origin')).toBeNull()
})
