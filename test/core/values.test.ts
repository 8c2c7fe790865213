import { expect, test } from 'vitest'

import { durationMs, formatDuration, parseDuration } from '../../src/core/duration.ts'
import { errnoOf, isTransient, messageOf, PortolanError } from '../../src/core/errors.ts'
import { createLog } from '../../src/core/log.ts'
import { kindOf } from '../../src/core/middleware-kind.ts'
import { middlewareSchema } from '../../src/core/middleware.ts'
import { policySchema } from '../../src/core/policy.ts'
import { problemBoard } from '../../src/core/problems.ts'
import { storedRouteSchema } from '../../src/core/route.ts'

for (const [text, ms] of [
  ['250ms', 250],
  ['30s', 30_000],
  ['5m', 300_000],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['5', undefined],
  ['', undefined],
  ['5 s', undefined],
  ['-5s', undefined],
] as const) {
  test(`the duration ${JSON.stringify(text)} is ${ms ?? 'refused'}`, () => {
    expect(parseDuration(text)).toBe(ms)
  })
}

test('a bad duration is named with what to write instead', () => {
  expect(() => durationMs('soon')).toThrow(/"soon".*250ms, 30s or 5m/)
})

test('durations are said in the largest unit that is exact', () => {
  expect([250, 30_000, 300_000, 90_000, 0].map(formatDuration)).toEqual([
    '250ms',
    '30s',
    '5m',
    '90s',
    '0ms',
  ])
})

test('errors say their causes on one line, each once', () => {
  const cause = new Error('connect ECONNREFUSED', { cause: new Error('refused by x') })
  expect(messageOf(new PortolanError('store-down', 'etcd is away', { cause }))).toBe(
    'etcd is away: connect ECONNREFUSED: refused by x',
  )
  expect(messageOf('text')).toBe('text')
})

test('whether to try again depends on the code', () => {
  expect(isTransient(new PortolanError('store-down', ''))).toBe(true)
  expect(isTransient(new PortolanError('bad-config', ''))).toBe(false)
  expect(isTransient(new Error('foreign'))).toBe(true)
  expect(errnoOf(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe('ENOENT')
})

test('a middleware is of exactly one known kind', () => {
  expect(kindOf(middlewareSchema.parse({ stripPrefix: ['/api'] }))).toBe('stripPrefix')
  expect(middlewareSchema.safeParse({ stripPrefix: ['/a'], addPrefix: '/b' }).success).toBe(false)
  expect(middlewareSchema.safeParse({ nonsense: 1 }).success).toBe(false)
  expect(middlewareSchema.parse({ rateLimit: { average: 5 } })).toEqual({
    rateLimit: { average: 5, periodMs: 1000, burst: 1 },
  })
})

test('a policy has a default for everything', () => {
  expect(policySchema.parse({})).toMatchObject({
    balance: 'p2c',
    sticky: false,
    health: null,
    middlewares: {},
  })
  for (const balance of ['round-robin', 'hash:header:X-User', 'hash:ip', 'p2c:latency']) {
    expect(policySchema.parse({ balance }).balance).toBe(balance)
  }
  expect(policySchema.safeParse({ balance: 'hash:nothing' }).success).toBe(false)
})

test('a hand-written route goes to a service or to endpoints, not to both', () => {
  const rule = 'Host(`a`)'
  expect(storedRouteSchema.safeParse({ v: 1, rule, service: 'shop/web' }).success).toBe(true)
  expect(storedRouteSchema.safeParse({ v: 1, rule }).success).toBe(false)
  const endpoints = [{ ip: '10.0.0.9', port: 80 }]
  expect(storedRouteSchema.safeParse({ v: 1, rule, endpoints, service: 'x' }).success).toBe(false)
  expect(storedRouteSchema.parse({ v: 1, rule, endpoints }).endpoints?.[0]?.protocol).toBe('http')
  const name = [{ ip: 'legacy.internal', port: 80 }]
  expect(storedRouteSchema.safeParse({ v: 1, rule, endpoints: name }).error?.message).toContain(
    'not an IP address',
  )
})

test('a part of the problem board is replaced whole', () => {
  const board = problemBoard()
  const problem = (where: string) =>
    ({ severity: 'error', where, what: 'w', why: 'y', remedy: 'r' }) as const
  board.report('a', [problem('1'), problem('2')])
  board.report('b', [problem('3')])
  board.report('a', [problem('4')])
  expect(board.problems.current.map(({ where }) => where)).toEqual(['4', '3'])
  const before = board.problems.current
  board.report('a', [problem('4')])
  expect(board.problems.current).toBe(before)
  board.report('a', [])
  expect(board.problems.current.map(({ where }) => where)).toEqual(['3'])
})

test('log lines are JSON with a level and no secrets', () => {
  const lines: string[] = []
  const log = createLog({
    level: 'info',
    format: 'json',
    to: { write: (line) => lines.push(line) },
  })
  log.debug('not this')
  log.child({ part: 'store' }).info({ etcd: { password: 'hunter2' } }, 'connected')
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    part: 'store',
    msg: 'connected',
  })
  expect(lines[0]).not.toContain('hunter2')
})
