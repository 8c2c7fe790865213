import { expect, test } from 'vitest'

import type { NodeRecord } from '../../src/core/keys.ts'
import { advertisedAddress, advertiseProblem } from '../../src/registrator/advertise.ts'
import { ownEntries } from '../../src/registrator/found.ts'
import { ownInstances } from '../../src/registrator/own.ts'
import { ownership } from '../../src/registrator/ownership.ts'
import { WantedEntries } from '../../src/registrator/wanted.ts'
import { byContainer } from '../../src/registrator/write.ts'
import type { Change } from '../../src/store/store.ts'
import { place } from '../core/samples.ts'
import { container, nodeRecord, settings } from './containers.ts'

const entry = (other: Partial<NodeRecord>) => ({
  value: JSON.stringify({ ...nodeRecord, ...other }),
  lease: '1',
})

for (const [name, found, kind] of [
  ['nobody', undefined, 'ours'],
  ['ourselves', entry({}), 'ours'],
  ['an older process here', entry({ session: 's0', startedAt: '2026-01-01T00:00:00Z' }), 'ours'],
  [
    'a newer process here',
    entry({ session: 's2', startedAt: '2026-01-01T00:00:20Z' }),
    'superseded',
  ],
  ['another engine', entry({ session: 's2', engine: 'E2' }), 'taken'],
  ['garbage', { value: '{', lease: '' }, 'ours'],
] as const) {
  test(`a node registered by ${name}: ${kind}`, () => {
    expect(ownership(nodeRecord, found).kind).toBe(kind)
  })
}

test("nobody else's keys are ours, whatever they are called", () => {
  const own = { value: 'x', lease: '7' }
  const actual = {
    entries: new Map([
      ['/p/instances/h1/abc/80', own],
      ['/p/instances/h2/abc/80', { value: 'x', lease: '8' }],
      ['/p/routes/hand', { value: 'x', lease: '' }],
    ]),
    plain: new Map([
      ['/services/web/h1:web-1:80', own],
      ['/services/web/an-id-of-its-own', own],
      ['/services/web/h1:by-hand:80', { value: 'y', lease: '' }],
      ['/services/web/h1:other-registrator:80', { value: 'y', lease: '9' }],
      ['/services/web/h2:web-1:80', { value: 'y', lease: '8' }],
    ]),
  }
  const { own: found, foreign } = ownEntries('/p', 'h1', ['10'], actual)
  expect([...found.keys()]).toEqual([
    '/p/instances/h1/abc/80',
    '/services/web/h1:web-1:80',
    '/services/web/an-id-of-its-own',
  ])
  expect(foreign.has('/services/web/h1:by-hand:80')).toBe(true)
})

test("a container's entries belong together", () => {
  const own = ownInstances({
    ...settings,
    plainPrefix: '/services',
    plainAddress: 'internal',
    advertise: '',
  })
  const byId = new Map(
    Array.from({ length: 3 }, (_, at) => {
      const id = String(at).repeat(64)
      return [id, container({ id, name: `web-${at}` })]
    }),
  )
  const engine = { id: 'E1', name: 'h1', version: '', apiVersion: '', kind: 'native' } as const
  const wanted = new WantedEntries('/p', nodeRecord)
  const groupOf = (key: string) => wanted.groupOf(key)
  const keys = wanted.take(own({ kind: 'known', engine, byId, self: undefined }))
  expect(wanted.entries.size).toBe(7)
  expect(keys.size).toBe(6)
  const puts = [...wanted.entries].map(([key, { value }]): Change => ({ kind: 'put', key, value }))
  const sizes = (groups: Iterable<readonly Change[]>) => [...groups].map(({ length }) => length)
  expect(sizes(byContainer(puts, groupOf))).toEqual([1, 2, 2, 2])
  const gone = wanted.take(own({ kind: 'known', engine, byId: new Map(), self: undefined }))
  const deletes = [...gone].map((key): Change => ({ kind: 'delete', key }))
  expect(sizes(byContainer(deletes, groupOf))).toEqual([2, 2, 2])
})

test('a container that did not change keeps its instance objects', () => {
  const own = ownInstances({
    ...settings,
    plainPrefix: undefined,
    plainAddress: 'auto',
    advertise: '',
  })
  const engine = { id: 'E1', name: 'h1', version: '', apiVersion: '', kind: 'native' } as const
  const [a, b] = [container({ id: 'a'.repeat(64) }), container({ id: 'b'.repeat(64) })]
  const known = (list: (typeof a)[]) =>
    ({
      kind: 'known',
      engine,
      self: undefined,
      byId: new Map(list.map((one) => [one.id, one])),
    }) as const
  const before = own(known([a, b])).instances
  const after = own(known([a, { ...b, health: 'unhealthy' }])).instances
  expect(after[0]).toBe(before[0])
  expect(after[1]).not.toBe(before[1])
})

test('a name that several projects give is noted, for as long as they do', () => {
  const own = ownInstances({
    ...settings,
    plainPrefix: undefined,
    plainAddress: 'auto',
    advertise: '',
  })
  const engine = { id: 'E1', name: 'h1', version: '', apiVersion: '', kind: 'native' } as const
  const of = (id: string, project: string, more: Readonly<Record<string, string>> = {}) =>
    container({
      id: id.repeat(64),
      name: `${project}-${id}`,
      labels: {
        'com.docker.compose.project': project,
        'com.docker.compose.service': 'web',
        'portolan.service': 'front',
        ...more,
      },
    })
  const said = (...list: ReturnType<typeof of>[]) =>
    own({
      kind: 'known',
      engine,
      self: undefined,
      byId: new Map(list.map((one) => [one.id, one])),
    }).problems.map(({ severity, where, what }) => [severity, where, what])
  const note = ['note', 'service front', 'projects a, b give it the same name']
  expect(said(of('1', 'a'), of('2', 'a'))).toEqual([])
  expect(said(of('1', 'a'), of('2', 'a'), of('3', 'b'))).toEqual([note])
  expect(said(of('2', 'a'), of('3', 'b'))).toEqual([note])
  expect(said(of('2', 'a'), of('3', 'b', { 'portolan.service': 'other' }))).toEqual([])
  expect(said(of('3', 'b'))).toEqual([])
})

test('the advertised address: as set, else of the host, never of a bridge, unknown in a container', () => {
  const ip = (address: string, internal = false) =>
    ({ address, family: 'IPv4', internal, netmask: '', mac: '', cidr: null }) as const
  const interfaces = {
    lo: [ip('127.0.0.1', true)],
    docker0: [ip('172.17.0.1')],
    eth0: [ip('192.0.2.7')],
  }
  const host = { node: 'h', place: { kind: 'host' }, containersUnreachable: false } as const
  const inside = { ...host, place: place() } as const
  expect(advertisedAddress(undefined, host, interfaces)).toBe('192.0.2.7')
  expect(advertisedAddress('h.example', inside, interfaces)).toBe('h.example')
  expect(advertisedAddress(undefined, inside, interfaces)).toBe('')
  expect(advertiseProblem('', true)[0]?.remedy).toContain('--advertise')
  expect(advertiseProblem('', false)).toEqual([])
})
