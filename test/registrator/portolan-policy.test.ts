import { expect, test } from 'vitest'

import { policySchema } from '../../src/core/policy.ts'
import { container, own, register } from './containers.ts'

for (const [labels, policy] of [
  [{ lb: 'round-robin' }, { balance: 'round-robin' }],
  [{ lb: 'hash:header:X-User' }, { balance: 'hash:header:X-User' }],
  [{ lb: 'p2c:latency' }, { balance: 'p2c:latency' }],
  [{ sticky: 'true' }, { sticky: { cookie: 'portolan' } }],
  [{ sticky: 'cookie:sid' }, { sticky: { cookie: 'sid' } }],
  [{ sticky: 'false' }, { sticky: false }],
  [{ health: '/healthz' }, { health: { kind: 'http', path: '/healthz', intervalMs: 5000 } }],
  [{ health: '/h', scheme: 'https' }, { health: { kind: 'https' } }],
  [
    {
      health: 'tcp',
      'health.interval': '2s',
      'health.timeout': '500ms',
      'health.rise': '1',
      'health.fall': '5',
      'health.expect': '2xx,301',
    },
    {
      health: {
        kind: 'tcp',
        intervalMs: 2000,
        timeoutMs: 500,
        rise: 1,
        fall: 5,
        expect: ['2xx', '301'],
      },
    },
  ],
  [
    { role: 'primary', probe: 'redis', tcp: 'db' },
    { probe: { kind: 'redis', intervalMs: 1000, timeoutMs: 1000, rise: 1, fall: 3 } },
  ],
  [
    {
      tcp: 'db',
      role: 'replica',
      probe: 'http:/primary',
      'probe.port': '8008',
      'probe.user': 'portolan',
      'probe.password-file': 'probe',
      'probe.interval': '2s',
      'probe.timeout': '500ms',
      'probe.rise': '2',
      'probe.fall': '5',
    },
    {
      probe: {
        kind: 'http',
        path: '/primary',
        port: 8008,
        user: 'portolan',
        passwordFile: 'probe',
        intervalMs: 2000,
        timeoutMs: 500,
        rise: 2,
        fall: 5,
      },
    },
  ],
  [{ canary: '5%' }, { canary: { share: 0.05 } }],
  [{ canary: 'cookie:beta' }, { canary: { cookie: 'beta' } }],
  [{ mirror: '10%' }, { mirror: 0.1 }],
  [{ fallback: 'shop/sorry' }, { fallback: 'shop/sorry' }],
  [{ locality: 'prefer' }, { locality: 'prefer' }],
  [{ 'slow-start': '30s' }, { slowStartMs: 30_000 }],
  [{ 'proxy-protocol': '2' }, { proxyProtocol: 2 }],
  [{ 'proxy-protocol': 'v1' }, { proxyProtocol: 1 }],
  [{ lb: 'hash:cookie:sid:bounded' }, { balance: 'hash:cookie:sid:bounded' }],
] as const) {
  test(`${JSON.stringify(labels)} is the policy of the instance`, () => {
    const { instances, problems } = register(container({ labels: own({ host: 'a', ...labels }) }))
    expect(problems).toEqual([])
    expect(instances[0]?.policy).toMatchObject(policy)
    expect(policySchema.safeParse(instances[0]?.policy).success).toBe(true)
  })
}
