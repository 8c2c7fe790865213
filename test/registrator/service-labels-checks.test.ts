import { expect, test } from 'vitest'

import { registratorDialect } from '../../src/registrator/dialects/registrator.ts'
import { factsOf } from '../../src/registrator/names.ts'
import { container, register, settings } from './containers.ts'

const ports = [80, 443].map((port) => ({ port, protocol: 'tcp', published: null }) as const)
const checks = (said: Record<string, string>) =>
  Object.fromEntries(Object.entries(said).map(([key, text]) => [`SERVICE_${key}`, text]))
const health = (said: Record<string, string>) =>
  register(container({ ports, labels: checks(said) })).instances.map(({ policy }) => policy.health)
const problems = (said: Record<string, string>) =>
  registratorDialect(factsOf(container({ ports, labels: checks(said) })), settings).problems

for (const [said, expected] of [
  [{ CHECK_HTTP: '/ok' }, { kind: 'http', path: '/ok', method: 'GET', intervalMs: 10_000 }],
  [
    { CHECK_HTTP: '/ok?a=1', CHECK_HTTP_METHOD: 'head' },
    { path: '/ok?a=1', method: 'HEAD' },
  ],
  [
    { CHECK_HTTPS: '/ok', CHECK_HTTPS_METHOD: 'POST' },
    { kind: 'https', method: 'POST' },
  ],
  [{ CHECK_TCP: 'true' }, { kind: 'tcp' }],
  [{ CHECK_GRPC: 'true' }, { kind: 'grpc' }],
  [
    { CHECK_TCP: 'x', CHECK_INTERVAL: '1m30s', CHECK_TIMEOUT: '500ms' },
    { intervalMs: 90_000, timeoutMs: 500 },
  ],
  [{ CHECK_HTTP: '/a', CHECK_TCP: 'x' }, { kind: 'http' }],
  [{ CHECK_HTTP: '', CHECK_TCP: 'x' }, { kind: 'tcp' }],
  [{ CHECK_HTTP: '/a' }, { rise: 1, fall: 1, timeoutMs: 10_000, expect: ['2xx', '429'] }],
] as const) {
  test(`${JSON.stringify(said)} is an active check`, () => {
    const [one] = health(said)
    expect(one).toMatchObject(expected)
    expect(problems(said)).toEqual([])
  })
}

test('nothing said, or only how often: no check', () => {
  expect(health({})).toEqual([null, null])
  expect(health({ CHECK_INTERVAL: '5s' })).toEqual([null, null])
})

test('a port may have its own check, with the intervals of all', () => {
  const said = { CHECK_TCP: 'x', CHECK_INTERVAL: '3s', '443_CHECK_HTTPS': '/s' }
  expect(health(said)).toMatchObject([
    { kind: 'tcp', intervalMs: 3000 },
    { kind: 'https', path: '/s', intervalMs: 3000 },
  ])
})

test('what is read for several ports is said once', () => {
  const said = { CHECK_TCP: 'x', CHECK_INTERVAL: '3', '443_CHECK_TCP': 'x', '80_CHECK_TCP': 'x' }
  expect(problems(said)).toHaveLength(1)
})

test('a port may do without the check of all', () => {
  expect(health({ CHECK_TCP: 'x', '443_CHECK_TCP': '' })).toMatchObject([{ kind: 'tcp' }, null])
})

test("a port's check that is not possible leaves ours alone", () => {
  const labels = { 'portolan.health': '/ours', ...checks({ '443_CHECK_SCRIPT': 'x' }) }
  const declared = registratorDialect(factsOf(container({ ports, labels })), settings)
  expect(declared.ports).toEqual([])
})

for (const kind of ['SCRIPT', 'CMD', 'DOCKER', 'TTL']) {
  test(`SERVICE_CHECK_${kind} is not possible, says so without its text, and the next is taken`, () => {
    const said = { [`CHECK_${kind}`]: 'curl -u me:secret', CHECK_TCP: 'x' }
    expect(health(said)[0]?.kind).toBe('tcp')
    const found = problems(said)
    expect(found).toHaveLength(1)
    expect(found[0]?.why).toContain('not possible')
    expect(found[0]?.remedy).toContain('SERVICE_CHECK_HTTP')
    expect(JSON.stringify(found)).not.toContain('secret')
  })
}

for (const [said, why, checked] of [
  [{ CHECK_GRPC: 'x', CHECK_GRPC_USE_TLS: 'true' }, 'without TLS', false],
  [{ CHECK_TCP: 'x', CHECK_INTERVAL: '5' }, 'not a duration', true],
  [{ CHECK_HTTP: 'x' }, 'not a path', false],
  [{ CHECK_HTTP: '/', CHECK_HTTP_METHOD: 'G T' }, 'not a method', true],
  [{ CHECK_HTPP: '/' }, 'did you mean http?', false],
  [{ CHECK_TCP: 'x', CHECK_INITIAL_STATUS: 'passing' }, 'first good check', true],
] as const) {
  test(`${JSON.stringify(said)}: ${why}`, () => {
    expect(problems(said).map((one) => one.why)).toEqual([expect.stringContaining(why)])
    expect(health(said)[0] !== null).toBe(checked)
  })
}
