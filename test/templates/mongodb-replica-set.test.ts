import { expect, test } from 'vitest'

import type { Instance } from '../../src/core/instance.ts'
import { type Listed, wantedOf } from '../../templates/mongodb-replica-set/replica-set-wanted.cjs'
import { containerId, instance } from '../core/samples.ts'
import { renderLibrary } from './scene.ts'

const mongo = (ordinal: number, { attributes, ...fields }: Partial<Instance> = {}) =>
  instance({
    service: 'mongo',
    container: containerId(String(ordinal)),
    name: `shop-mongo-${ordinal}`,
    ordinal,
    protocol: 'tcp',
    port: 27_017,
    addresses: [{ network: 'n', ip: `172.18.0.${ordinal}` }],
    ...fields,
    attributes: { mongodb_set: 'rs0', ...attributes },
  })

async function rendered(...instances: Instance[]) {
  const document: { members: Listed[] } = JSON.parse(
    await renderLibrary('mongodb-replica-set', instances),
  )
  return document
}

/** The hosts of the set, or why there is none. */
async function hostsOf(...instances: Instance[]) {
  const read = wantedOf(await rendered(...instances))
  return read.ok ? read.wanted.members.map(({ host }) => host) : read.why
}

test('members are named like their containers, by ordinal, whatever their state', async () => {
  const document = await rendered(
    mongo(10, { state: 'starting' }),
    mongo(2, { state: 'unhealthy', addresses: [] }),
    mongo(1),
    instance(),
  )
  const read = wantedOf(document)
  expect(read).toEqual({
    ok: true,
    wanted: {
      name: 'rs0',
      minimum: 3,
      graceMs: 600_000,
      first: 'shop-mongo-1:27017',
      members: [1, 2, 10].map((at) => ({
        host: `shop-mongo-${at}:27017`,
        key: `h1/shop-mongo-${at}`,
      })),
    },
  })
  expect(document.members.map(({ address }) => address)).toEqual([
    '172.18.0.1:27017',
    null,
    '172.18.0.10:27017',
  ])
})

test('a label gives another name, or the address, of IPv6 as well', async () => {
  const address = { attributes: { mongodb_host: 'address' } }
  const hosts = await hostsOf(
    mongo(1, { attributes: { mongodb_host: 'h1.example.com:27018' } }),
    mongo(2, { attributes: { mongodb_host: 'h2.example.com' } }),
    mongo(3, { ...address, addresses: [{ network: 'n', ip: 'fd00::3' }] }),
    mongo(4, address),
  )
  expect(hosts).toEqual([
    'h1.example.com:27018',
    'h2.example.com:27017',
    '[fd00::3]:27017',
    '172.18.0.4:27017',
  ])
})

test('only one may begin, and with a label only the one that says so', async () => {
  const firstOf = async (...instances: Instance[]) => {
    const read = wantedOf(await rendered(...instances))
    return read.ok ? read.wanted.first : read.why
  }
  const other = { node: 'h2', name: 'shop-mongo-one' }
  const says = (first: string) => ({ attributes: { mongodb_first: first } })
  expect(await firstOf(mongo(2), mongo(3))).toBeUndefined()
  expect(await firstOf(mongo(1), mongo(1, other))).toBeUndefined()
  expect(await firstOf(mongo(1, says('false')), mongo(1, { ...other, ...says('true') }))).toBe(
    'shop-mongo-one:27017',
  )
  expect(await firstOf(mongo(1, says('false')), mongo(2, says('true')))).toBeUndefined()
})

for (const [name, instances, why] of [
  [
    'a set has a bad name',
    [mongo(1, { attributes: { mongodb_set: 'rs0"}],\n"x' } })],
    /is no name of a set/,
  ],
  [
    'a minimum is no number',
    [mongo(1, { attributes: { mongodb_minimum: 'all' } })],
    /MINIMUM must be one number/,
  ],
  ['a minimum is 0', [mongo(1, { attributes: { mongodb_minimum: '0' } })], /MINIMUM/],
  [
    'members differ in their minimum',
    [mongo(1), mongo(2, { attributes: { mongodb_minimum: '1' } })],
    /MINIMUM/,
  ],
  [
    'a grace is no number',
    [mongo(1, { attributes: { mongodb_grace: '-1' } })],
    /GRACE must be one number/,
  ],
  [
    'a host is none',
    [mongo(1, { attributes: { mongodb_host: 'a/?x=1@b:1' } })],
    /no host that others can reach/,
  ],
  ['a container has a name that is no host', [mongo(1, { name: 'x y' })], /h1\/x y has no host/],
  ['a port is none', [mongo(1, { attributes: { mongodb_host: 'a:70000' } })], /no host/],
  [
    'there is no address',
    [mongo(1, { addresses: [], attributes: { mongodb_host: 'address' } })],
    /no host/,
  ],
  [
    'two have one name',
    [mongo(1), mongo(1, { node: 'h2' })],
    /several containers would be shop-mongo-1:27017/,
  ],
  [
    'two sets are there',
    [mongo(1), mongo(1, { project: 'other' })],
    /which of \["other\/rs0","shop\/rs0"\]/,
  ],
] satisfies [string, Instance[], RegExp][]) {
  test(`nothing is done, and it is said why, if ${name}`, async () => {
    expect(await hostsOf(...instances)).toMatch(why)
  })
}

test('of several sets one is chosen, and one that is badly said harms only itself', async () => {
  const bad = mongo(1, { project: 'other', attributes: { mongodb_minimum: 'x' } })
  const document = await rendered(mongo(1), bad)
  expect(wantedOf(document, 'shop/rs0')).toMatchObject({ ok: true, wanted: { name: 'rs0' } })
  expect(wantedOf(document, 'other/rs0')).toMatchObject({ ok: false })
  expect(wantedOf(document, 'none/rs0')).toMatchObject({
    why: expect.stringMatching(/no container belongs to/),
  })
})

test('if nobody has the label the last file stays', async () => {
  await expect(renderLibrary('mongodb-replica-set', [])).rejects.toThrow('the last file stays')
})
