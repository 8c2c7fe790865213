import { expect, test } from 'vitest'

import type { Container, Engine } from '../../src/docker/docker.ts'
import { withJoinedNetworks } from '../../src/docker/networks.ts'
import { vantageOf } from '../../src/docker/vantage.ts'
import { network, place } from '../core/samples.ts'
import { idOf } from './json.ts'

const self = idOf('5e')
const front = network({ name: 'front', ip: '10.0.0.2', gateway: '10.0.0.1' })
const back = network({ name: 'back', ip: '10.0.1.2' })

function container(fields: Partial<Container>): Container {
  return {
    id: self,
    name: 'portolan',
    image: 'portolan',
    createdAt: '',
    startedAt: '',
    state: 'running',
    draining: false,
    health: 'none',
    labels: {},
    env: {},
    networkMode: 'front',
    networks: [],
    ports: [],
    stopTimeout: 10,
    ...fields,
  }
}

function vantage(containers: readonly Container[], own: string | undefined, kind: Engine['kind']) {
  const byId = new Map(containers.map((one) => [one.id, one]))
  const engine = { id: 'e', name: 'h', version: '', apiVersion: '', kind }
  return vantageOf(
    { kind: 'known', engine, byId: withJoinedNetworks(byId, new Map()), self: own },
    'n1',
  )
}

for (const [kind, unreachable] of [
  ['native', false],
  ['rootless', true],
  ['desktop', true],
] as const) {
  test(`on the host of a ${kind} engine containers are ${unreachable ? 'out of' : 'in'} reach`, () => {
    const expected = { node: 'n1', place: { kind: 'host' }, containersUnreachable: unreachable }
    expect(vantage([], undefined, kind)).toEqual(expected)
  })
}

test('in a container we are on its networks, with the gateways that they have', () => {
  expect(vantage([container({ networks: [front, back] })], self, 'rootless')).toEqual({
    node: 'n1',
    place: place({ networks: ['front', 'back'], gateways: ['10.0.0.1'] }),
    containersUnreachable: false,
  })
})

const overlay = network({ name: 'all', id: 'ov1', driver: 'overlay', ip: '10.0.2.2' })
const macvlan = network({ name: 'lan', driver: 'macvlan', gateway: '192.168.1.1' })
const internal = { ...front, internal: true }

for (const [name, networks, seen] of [
  ['an overlay network', [overlay], { overlays: ['ov1'] }],
  ['macvlan: no host', [macvlan], { reaches: { host: false, lan: true } }],
  ['ipvlan: no host', [{ ...macvlan, driver: 'ipvlan' }], { reaches: { host: false, lan: true } }],
  ['macvlan and a bridge', [macvlan, front], { gateways: ['10.0.0.1'] }],
  ['an internal bridge', [internal], { reaches: { host: false, lan: false } }],
  [
    'an internal overlay network',
    [{ ...overlay, internal: true }],
    { overlays: ['ov1'], reaches: { host: false, lan: false } },
  ],
  ['none', [], { reaches: { host: false, lan: false } }],
  ['a driver that Docker did not tell', [{ ...front, driver: '' }], { gateways: ['10.0.0.1'] }],
] as const) {
  test(`what we reach in a container on ${name}`, () => {
    const at = vantage([container({ networks })], self, 'native').place
    expect(at).toEqual(place({ networks: networks.map((one) => one.name), ...seen }))
  })
}

test("in a container on the host's network we are on the host", () => {
  expect(vantage([container({ networkMode: 'host' })], self, 'native').place.kind).toBe('host')
})

test("in a container on another's network we are where that one is", () => {
  const id = idOf('0f')
  const ours = container({ networkMode: `container:${id}` })
  const theirs = container({ id, name: 'vpn', networks: [front] })
  expect(vantage([ours, theirs], self, 'native').place).toMatchObject({ networks: ['front'] })
  const onHost = container({ id, name: 'vpn', networkMode: 'host' })
  expect(vantage([ours, onHost], self, 'native').place).toEqual({ kind: 'host' })
  expect(vantage([ours], self, 'native').place).toMatchObject({ networks: [] })
})

test("a container on another's network has its addresses and its published ports", () => {
  const vpn = container({
    id: idOf('0f'),
    name: 'vpn',
    networks: [front],
    ports: [{ port: 80, protocol: 'tcp', published: { ip: '0.0.0.0', port: 8080 } }],
  })
  const app = container({
    id: idOf('a1'),
    networkMode: 'container:vpn',
    ports: [
      { port: 80, protocol: 'tcp', published: null },
      { port: 81, protocol: 'tcp', published: null },
    ],
  })
  const second = container({ id: idOf('a2'), networkMode: `container:${app.id}` })
  const byId = new Map([vpn, app, second].map((one) => [one.id, one]))
  const joined = withJoinedNetworks(byId, new Map())
  expect(joined.get(app.id)?.networks).toEqual([front])
  expect(joined.get(app.id)?.ports.map(({ published }) => published?.port)).toEqual([
    8080,
    undefined,
  ])
  expect(joined.get(second.id)?.networks).toEqual([front])
  expect(joined.get(vpn.id)).toBe(vpn)
  // what didn't change keeps its identity
  expect(withJoinedNetworks(byId, joined).get(app.id)).toBe(joined.get(app.id))
})

test('containers that would join each other in a ring do not hang anybody', () => {
  const ring = container({ networkMode: `container:${self}` })
  expect(withJoinedNetworks(new Map([[self, ring]]), new Map()).get(self)?.networks).toEqual([])
})

test('of an engine on another machine containers are out of reach, unless we are in one of them', () => {
  const engine = { id: 'e', name: 'h', version: '', apiVersion: '', kind: 'native' } as const
  const known = { kind: 'known', engine, byId: new Map([[self, container({})]]) } as const
  const outside = vantageOf({ ...known, self: undefined }, 'n1', 'docker.example')
  expect(outside).toMatchObject({ containersUnreachable: true, engineHost: 'docker.example' })
  const inside = vantageOf({ ...known, self }, 'n1', 'docker.example')
  expect(inside.containersUnreachable).toBe(false)
  expect(inside.engineHost).toBeUndefined()
})
