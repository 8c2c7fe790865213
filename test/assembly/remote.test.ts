import { networkInterfaces } from 'node:os'

import { expect, test } from 'vitest'

import { remoteEngine } from '../../src/assembly/remote.ts'
import type { Containers } from '../../src/docker/docker.ts'

const engine = { id: 'e', name: 'far', version: '', apiVersion: '', kind: 'native' } as const
const known = { kind: 'known', engine, byId: new Map(), self: undefined } as const
const own = Object.values(networkInterfaces()).flat()[0]?.address

for (const [name, host, containers, expected] of [
  ['a socket', undefined, known, undefined],
  ['loopback', '127.0.0.1', known, undefined],
  ['loopback by IPv6', '[::1]', known, undefined],
  ['localhost', 'localhost', known, undefined],
  ['an address of this machine', own, known, undefined],
  [
    'the name of this machine',
    'near.example',
    { ...known, engine: { ...engine, name: 'near' } },
    undefined,
  ],
  ['another address', '198.51.100.7', known, '198.51.100.7'],
  ['another address by IPv6', '[2001:db8::7]', known, '2001:db8::7'],
  ['another name', 'docker.example', known, 'docker.example'],
  [
    'a filter in a container beside ours',
    'socket-proxy',
    { ...known, self: 'f'.repeat(64) },
    undefined,
  ],
  ['an engine that was never read', 'docker.example', { kind: 'unknown' }, undefined],
] satisfies [string, string | undefined, Containers, string | undefined][]) {
  test(`an engine at ${name} is ${expected === undefined ? 'not ' : ''}on another machine`, () => {
    expect(remoteEngine(host, containers, 'near')).toBe(expected)
  })
}
