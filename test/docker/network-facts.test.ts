import { expect, test } from 'vitest'

import { factsIn, networkReader } from '../../src/docker/network-facts.ts'

const { signal } = new AbortController()
const bridge = { Id: 'b', Driver: 'bridge' }

for (const [name, network, expected] of [
  ['a bridge', bridge, { driver: 'bridge', internal: false }],
  ['an internal one', { ...bridge, Internal: true }, { driver: 'bridge', internal: true }],
  [
    'overlay',
    { Id: 'b', Driver: 'overlay', Options: null },
    { driver: 'overlay', internal: false },
  ],
  [
    'macvlan',
    { Id: 'b', Driver: 'macvlan', Options: { parent: 'eth0' } },
    { driver: 'macvlan', internal: false },
  ],
  [
    'macvlan without a parent',
    { Id: 'b', Driver: 'macvlan' },
    { driver: 'macvlan', internal: true },
  ],
  [
    'ipvlan, layer 2',
    { Id: 'b', Driver: 'ipvlan', Options: { parent: 'eth0', ipvlan_mode: 'l2' } },
    { driver: 'ipvlan', internal: false },
  ],
  [
    'ipvlan, layer 3',
    { Id: 'b', Driver: 'ipvlan', Options: { parent: 'eth0', ipvlan_mode: 'l3s' } },
    { driver: 'ipvlan', internal: true },
  ],
] as const) {
  test(`a network's own facts: ${name}`, () => {
    expect(factsIn([network]).get('b')).toEqual(expected)
  })
}

/** A reader of networks that come into being, and what was asked. */
function scene() {
  const parts = { networks: [bridge], fails: false, asked: 0, nowMs: 0 }
  const list = async () => {
    parts.asked++
    const found = [...parts.networks]
    await Promise.resolve()
    if (parts.fails) throw new Error('HTTP 403')
    return found
  }
  return { parts, reader: networkReader(list, () => parts.nowMs) }
}

test('the engine is asked once for all, and again only for a network that is new', async () => {
  const { parts, reader } = scene()
  await Promise.all([reader.of(['b'], signal), reader.of(['b'], signal), reader.of([''], signal)])
  await reader.of(['b'], signal)
  expect(parts.asked).toBe(1)
  parts.networks.push({ Id: 'o', Driver: 'overlay' })
  expect((await reader.of(['b', 'o'], signal)).get('o')?.driver).toBe('overlay')
  expect(parts.asked).toBe(2)
})

test('an answer that is older than the network is not the last word', async () => {
  const { parts, reader } = scene()
  const first = reader.of(['b'], signal)
  parts.networks.push({ Id: 'o', Driver: 'overlay' })
  expect((await reader.of(['o'], signal)).get('o')?.driver).toBe('overlay')
  await first
  expect(parts.asked).toBe(2)
})

test('a refusal keeps no container from being read, and is not asked for at each of them', async () => {
  const { parts, reader } = scene()
  parts.fails = true
  expect((await reader.of(['b'], signal)).size).toBe(0)
  await reader.of(['b'], signal)
  expect(parts.asked).toBe(1)
  parts.fails = false
  parts.nowMs = 30_000
  expect((await reader.of(['b'], signal)).get('b')?.driver).toBe('bridge')
  await expect(reader.of(['b'], AbortSignal.abort(new Error('over')))).rejects.toThrow('over')
})
