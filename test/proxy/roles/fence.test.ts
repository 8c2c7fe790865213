import { expect, test } from 'vitest'

import { ancestry } from '../../../src/proxy/checks/roles/ancestry.ts'
import type { Term } from '../../../src/proxy/checks/roles/answer.ts'
import { type Accepted, type Claim, decided } from '../../../src/proxy/checks/roles/fence.ts'

/** PostgreSQL: a timeline of some cluster. */
const timeline = (count: number, history = 'one'): Term => {
  return { kind: 'counted', history, count: String(count).padStart(8, '0'), words: '' }
}
/** Redis: a history, of a process that began then. */
const history = (id: string, startedMs = 0): Term => ({ kind: 'descent', id, startedMs, words: '' })

/** The third primary goes on from the second, which goes on from the first. */
const histories = ancestry()
histories.note({ id: 'second', parent: 'first' })
histories.note({ id: 'third', parent: 'second' })

type Case = {
  readonly says: string
  readonly claims: Readonly<Record<string, Term | undefined>>
  readonly last?: Partial<Accepted>
  readonly primary: string | undefined
  readonly fenced?: Readonly<Record<string, 'older' | 'equal'>>
}

const cases: readonly Case[] = [
  { says: 'nobody says it', claims: {}, primary: undefined },
  { says: 'one says it, without a term', claims: { a: undefined }, primary: 'a' },
  {
    says: 'the greater timeline is newer',
    claims: { a: timeline(2), b: timeline(10) },
    primary: 'b',
    fenced: { a: 'older' },
  },
  {
    says: 'equal timelines tell nothing',
    claims: { a: timeline(2), b: timeline(2) },
    primary: undefined,
    fenced: { a: 'equal', b: 'equal' },
  },
  {
    says: 'timelines of two clusters tell nothing',
    claims: { a: timeline(1), b: timeline(2, 'other') },
    primary: undefined,
    fenced: { a: 'equal', b: 'equal' },
  },
  {
    says: 'without terms nothing tells',
    claims: { a: undefined, b: undefined },
    primary: undefined,
    fenced: { a: 'equal', b: 'equal' },
  },
  {
    says: 'without terms not even who was believed is told from the other',
    claims: { a: undefined, b: undefined },
    last: { identity: 'a' },
    primary: undefined,
    fenced: { a: 'equal', b: 'equal' },
  },
  {
    says: 'a term against none tells nothing',
    claims: { a: timeline(1), b: undefined },
    primary: undefined,
    fenced: { a: 'equal', b: 'equal' },
  },
  {
    says: 'the newest of three has to be newer than both',
    claims: { a: timeline(1), b: timeline(2), c: timeline(2) },
    primary: undefined,
    fenced: { a: 'equal', b: 'equal', c: 'equal' },
  },
  {
    says: 'who goes on from a history is newer',
    claims: { a: history('first'), b: history('second') },
    primary: 'b',
    fenced: { a: 'older' },
  },
  {
    says: 'also over a primary that is not there any more',
    claims: { a: history('first'), c: history('third') },
    primary: 'c',
    fenced: { a: 'older' },
  },
  {
    says: 'histories that don’t go on from one another tell nothing',
    claims: { a: history('first'), b: history('strange') },
    primary: undefined,
    fenced: { a: 'equal', b: 'equal' },
  },
  {
    says: 'alone, but older than the one that is silent now',
    claims: { a: timeline(1) },
    last: { identity: 'b', term: timeline(2) },
    primary: undefined,
    fenced: { a: 'older' },
  },
  {
    says: 'alone, of the same timeline as the one before: it has restarted',
    claims: { a: timeline(2) },
    last: { identity: 'b', term: timeline(2) },
    primary: 'a',
  },
  {
    says: 'one that was believed may fall back: its data was restored',
    claims: { a: timeline(1) },
    last: { identity: 'a', term: timeline(2) },
    primary: 'a',
  },
  {
    says: 'a Redis that starts as a primary beside one that is believed is an old one',
    claims: { a: history('strange', 20_000), b: history('second') },
    last: { identity: 'b', term: history('second'), sinceMs: 10_000 },
    primary: 'b',
    fenced: { a: 'older' },
  },
  {
    says: 'unless it goes on from that one',
    claims: { c: history('third', 20_000), b: history('second') },
    last: { identity: 'b', term: history('second'), sinceMs: 10_000 },
    primary: 'c',
    fenced: { b: 'older' },
  },
  {
    says: 'or that one has gone',
    claims: { a: history('strange', 20_000) },
    last: { identity: 'b', term: history('second'), sinceMs: 10_000, isListed: false },
    primary: 'a',
  },
  {
    says: 'one that was there before may be the newer one',
    claims: { a: history('strange', 9000), b: history('second') },
    last: { identity: 'b', term: history('second'), sinceMs: 10_000 },
    primary: undefined,
    fenced: { a: 'equal', b: 'equal' },
  },
]

test.for(cases)('$says', ({ claims, last, primary, fenced = {} }) => {
  const all: Claim[] = Object.entries(claims).map(([identity, term]) => ({ identity, term }))
  const before = { identity: '', term: undefined, sinceMs: 0, isListed: true, ...last }
  for (const order of [all, all.toReversed()]) {
    const decision = decided(order, last && before, histories)
    expect(decision.primary).toBe(primary)
    expect(Object.fromEntries(decision.fenced)).toEqual(fenced)
  }
})

test('a history that says it is its own ancestor ends the search', () => {
  const ring = ancestry()
  ring.note({ id: 'a', parent: 'b' })
  ring.note({ id: 'b', parent: 'a' })
  expect(ring.descends('a', 'c')).toBe(false)
})
