import { ObjectId } from 'mongodb'
import { expect, test } from 'vitest'

import type { Config, Member } from '../../templates/mongodb-replica-set/replica-set-config.cjs'
import { nextStep, type Seen } from '../../templates/mongodb-replica-set/replica-set-steps.cjs'

const replicaSetId = new ObjectId('a'.repeat(24))
const setId = replicaSetId.toHexString()

/** What is said of a member in a line: `voter`, or `spare` without a vote; `down`, `late` (no last config), `sync`. */
type Line = { id: number; say?: string } & Partial<Member>

type Scene = {
  wanted?: readonly string[]
  lines?: readonly Line[]
  /** Hosts that answer, but are in no set. */
  fresh?: readonly string[]
  missing?: Record<string, number>
  minimum?: number
  memoryId?: string
  primary?: boolean
  more?: [string, Seen][]
}

const nowMs = 1_000_000

/** The step for a set whose member 1 is primary; hosts are `m1:1`, `m2:1` …, and the grace is 100 s. */
function stepOf({ wanted = ['m1', 'm2', 'm3'], lines = [], fresh = [], ...more }: Scene) {
  const members = lines.map(memberOf)
  const config: Config = { _id: 'rs0', version: 7, term: 2, members, settings: { replicaSetId } }
  const told = lines.map(({ say = 'voter' }, at) => ({
    name: members[at]?.host ?? '',
    health: say.includes('down') ? 0 : 1,
    state: at === 0 ? 1 : say.includes('sync') ? 5 : 2,
    configVersion: say.includes('late') ? 6 : 7,
    configTerm: 2,
  }))
  const seen = new Map<string, Seen>([
    ...wanted.map((name): [string, Seen] => [`${name}:1`, { is: 'away', why: 'refused' }]),
    ...fresh.map((name): [string, Seen] => [`${name}:1`, { is: 'new' }]),
    ...members.map(({ host }, at): [string, Seen] => [
      host,
      {
        is: 'member',
        config,
        ...(at === 0 && more.primary !== false && { status: { members: told } }),
      },
    ]),
    ...(more.more ?? []),
  ])
  const { step, memory } = nextStep({
    wanted: {
      name: 'rs0',
      minimum: more.minimum ?? 3,
      graceMs: 100_000,
      members: wanted.map((name) => ({ host: `${name}:1`, key: `h1/${name.split('.')[0]}` })),
      first: 'm1:1',
    },
    seen,
    memory: { missing: more.missing ?? {}, ...(more.memoryId && { setId: more.memoryId }) },
    now: nowMs,
  })
  const changes = step.do === 'reconfig' ? changesOf(config, step.config) : []
  return { did: step.do, why: step.why, changes, step, memory }
}

function memberOf({ id, say = 'voter', ...more }: Line): Member {
  const votes = say.includes('spare') ? 0 : 1
  const tags = { portolan: `h1/m${id}`, portolanHighestId: '9' }
  return { _id: id, host: `m${id}:1`, votes, priority: votes, tags, ...more }
}

function changesOf(old: Config, next: Config): string[] {
  const text = ({ _id, host, votes, priority }: Member) => `${_id} ${host} ${votes}/${priority}`
  const [before, after] = [new Set(old.members.map(text)), new Set(next.members.map(text))]
  return [
    ...[...before.difference(after)].map((one) => `- ${one}`),
    ...[...after.difference(before)].map((one) => `+ ${one}`),
  ]
}

const three: readonly Line[] = [{ id: 1 }, { id: 2 }, { id: 3 }]
const five: readonly Line[] = [...three, { id: 4 }, { id: 5 }]
const long = { 'm3:1': nowMs - 200_000 }

for (const [name, scene, did, said] of [
  ['all are new: the first begins', { fresh: ['m1', 'm2', 'm3'] }, 'initiate', []],
  ['one does not answer: nobody begins', { fresh: ['m1', 'm2'] }, 'wait', /not all answer: m3:1/],
  ['the first does not answer: nobody begins', { fresh: ['m2', 'm3'] }, 'wait', /m1:1/],
  [
    'the first is not known: nobody begins',
    { wanted: ['m2', 'm3', 'm4'], fresh: ['m2', 'm3', 'm4'] },
    'refuse',
    /SERVICE_MONGODB_FIRST/,
  ],
  [
    'all are empty, and there was a set: nobody begins',
    { fresh: ['m1', 'm2', 'm3'], memoryId: setId },
    'refuse',
    /volumes/,
  ],
  [
    'too few are known: nothing',
    { wanted: ['m1', 'm2'], lines: three, missing: long },
    'refuse',
    /2 members .* 3/,
  ],
  [
    'another set of that name: nothing',
    { lines: three, memoryId: 'b'.repeat(24) },
    'refuse',
    /several sets/,
  ],
  ['no primary: nothing', { lines: three, primary: false }, 'wait', /no primary/],
  [
    'the last change is not with a majority',
    { lines: [{ id: 1 }, { id: 2, say: 'late' }, { id: 3, say: 'late' }] },
    'wait',
    /majority/,
  ],
  ['all is well', { lines: three }, 'nothing', []],
  [
    'somebody new joins without a vote',
    { lines: [{ id: 1 }], fresh: ['m2', 'm3'] },
    'reconfig',
    ['+ 10 m2:1 0/0'],
  ],
  [
    'of two that wait for their vote one is not ready',
    { lines: [{ id: 1 }, { id: 2, say: 'spare' }, { id: 3, say: 'spare sync' }] },
    'wait',
    /not ready: m3:1/,
  ],
  [
    'both are ready: one gets its vote',
    { lines: [{ id: 1 }, { id: 2, say: 'spare' }, { id: 3, say: 'spare' }] },
    'reconfig',
    ['- 2 m2:1 0/0', '+ 2 m2:1 1/1'],
  ],
  [
    'the number of voters becomes odd at once',
    { lines: [{ id: 1 }, { id: 2 }, { id: 3, say: 'spare' }] },
    'reconfig',
    ['- 3 m3:1 0/0', '+ 3 m3:1 1/1'],
  ],
  [
    'an eighth voter is never made',
    {
      wanted: ['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9'],
      lines: [...five, { id: 6 }, { id: 7 }, { id: 8, say: 'spare' }, { id: 9, say: 'spare' }],
    },
    'nothing',
    [],
  ],
  [
    'a member is missing for a moment',
    {
      wanted: ['m1', 'm2', 'm4'],
      lines: [{ id: 1 }, { id: 2 }, { id: 3, say: 'down' }, { id: 4, say: 'spare' }],
    },
    'wait',
    /removed in 100 s/,
  ],
  [
    'it is missing for long, and down',
    {
      wanted: ['m1', 'm2', 'm4'],
      lines: [{ id: 1 }, { id: 2 }, { id: 3, say: 'down' }, { id: 4, say: 'spare' }],
      missing: long,
    },
    'reconfig',
    ['- 3 m3:1 1/1'],
  ],
  [
    'it is missing for long, but answers',
    { wanted: ['m1', 'm2', 'm4'], lines: [...three, { id: 4, say: 'spare' }], missing: long },
    'wait',
    /it stays/,
  ],
  [
    'its place is not taken yet',
    {
      wanted: ['m1', 'm2', 'm4'],
      lines: [{ id: 1 }, { id: 2 }, { id: 3, say: 'down' }],
      missing: long,
    },
    'wait',
    /another has joined/,
  ],
  [
    'those that are up and have their data would be too few without it',
    {
      wanted: ['m1', 'm2', 'm4'],
      lines: [{ id: 1 }, { id: 2, say: 'sync' }, { id: 3, say: 'down' }, { id: 4, say: 'spare' }],
      missing: long,
    },
    'wait',
    /majority/,
  ],
  [
    "others' members are never removed",
    {
      wanted: ['m1', 'm2', 'm4'],
      lines: [{ id: 1 }, { id: 2 }, { id: 3, say: 'down', tags: {} }, { id: 4 }],
      missing: long,
    },
    'nothing',
    [],
  ],
  [
    'of four voters one gives up its vote',
    { wanted: ['m1', 'm2', 'm3', 'm4'], lines: five.slice(0, 4) },
    'reconfig',
    ['- 4 m4:1 1/1', '+ 4 m4:1 0/0'],
  ],
  [
    'not while one of them is down',
    { wanted: ['m1', 'm2', 'm3', 'm4'], lines: [...three, { id: 4, say: 'down' }] },
    'nothing',
    [],
  ],
  [
    'an arbiter and a delayed member are left alone',
    {
      lines: [
        { id: 1 },
        { id: 2, say: 'spare', secondaryDelaySecs: 60 },
        { id: 3, arbiterOnly: true, priority: 0, tags: {} },
      ],
    },
    'nothing',
    [],
  ],
  [
    '_id 255 was the last one',
    { lines: [{ id: 255, host: 'm1:1' }], fresh: ['m2', 'm3'] },
    'wait',
    /each _id up to 255/,
  ],
] satisfies [string, Scene, string, RegExp | string[]][]) {
  test(`${name}: ${did}`, () => {
    const found = stepOf(scene)
    expect(found.did).toBe(did)
    if (said instanceof RegExp) expect(found.why).toMatch(said)
    else expect(found.changes).toEqual(said)
    if (found.step.do === 'reconfig') expect(found.step.config.version).toBe(8)
  })
}

const moved = {
  wanted: ['m1', 'm2', 'm3.b'],
  lines: [{ id: 1 }, { id: 2 }, { id: 3, say: 'down' }],
}
const config = { _id: 'rs0', version: 6, term: 2, members: [], settings: { replicaSetId } }

test('a container that comes back at another address is the same member', () => {
  const back = stepOf({ ...moved, more: [['m3.b:1', { is: 'member', config }]] })
  expect(back.changes).toEqual(['- 3 m3:1 1/1', '+ 3 m3.b:1 1/1'])
})

test('it is another one if it has lost its data, and waits while it does not answer, or both do', () => {
  expect(stepOf({ ...moved, fresh: ['m3.b'] }).changes).toEqual(['+ 10 m3.b:1 0/0'])
  expect(stepOf(moved).why).toMatch(/does not answer at m3\.b:1/)
  const both = stepOf({ ...moved, lines: three, more: [['m3.b:1', { is: 'member', config }]] })
  expect(both.why).toMatch(/answers as well/)
})

test('the first to begin is alone in its configuration, and the set is remembered', () => {
  const { step } = stepOf({ fresh: ['m1', 'm2', 'm3'] })
  expect(step).toMatchObject({
    host: 'm1:1',
    config: { _id: 'rs0', version: 1, members: [{ _id: 1, host: 'm1:1' }] },
  })
  expect(stepOf({ lines: three }).memory).toEqual({ setId, missing: {} })
})

test('the grace begins anew when a member comes back, when too few are known, and after a clock was put back', () => {
  const missing = { 'm3:1': 5000 }
  const gone = { wanted: ['m1', 'm2', 'm4'], lines: [...three, { id: 4 }] }
  expect(stepOf({ ...gone, missing }).memory.missing).toEqual(missing)
  expect(stepOf({ lines: three, missing }).memory.missing).toEqual({})
  expect(stepOf({ ...gone, missing, minimum: 4 }).memory.missing).toEqual({})
  expect(stepOf({ ...gone, missing: { 'm3:1': nowMs + 9 } }).memory.missing).toEqual({
    'm3:1': nowMs,
  })
})

test('of two that say they are the primary, the one of the higher term is', () => {
  const stale = { ...config, term: 1, version: 9, members: three.map(memberOf) }
  const other: Seen = { is: 'member', config: stale, status: { members: [] } }
  expect(stepOf({ lines: three, more: [['m3:1', other]] }).did).toBe('nothing')
})
