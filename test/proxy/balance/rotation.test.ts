import { expect, test } from 'vitest'

import { inRotation, onProbation, type Standing } from '../../../src/proxy/worker/rotation.ts'
import { tally, target } from './members.ts'
import { scene } from './scene.ts'

type Named = Standing & { readonly name: string }

function standing(name: string, more: Partial<Standing> = {}): Named {
  const plain = { state: 'ready', weight: 1, check: undefined, ejectedUntilMs: 0 } as const
  return { name, ...plain, over: false, refusing: false, reachedOnce: true, ...more }
}

const names = (all: readonly Named[]) => all.map(({ name }) => name).join('')

for (const [sentence, all, expected] of [
  [
    'ready ones, nobody else',
    [
      standing('a'),
      standing('b', { state: 'draining' }),
      standing('c', { state: 'starting' }),
      standing('d', { state: 'unhealthy' }),
    ],
    'a',
  ],
  [
    'without ready ones those that drain and answer',
    [
      standing('a', { state: 'draining' }),
      standing('b', { state: 'draining', refusing: true }),
      standing('c', { state: 'unhealthy' }),
    ],
    'a',
  ],
  [
    'a ready one that refuses for a moment keeps its place before those that drain',
    [standing('a', { refusing: true }), standing('b', { state: 'draining' })],
    'a',
  ],
  [
    'one that has never listened yet does not',
    [standing('a', { refusing: true, reachedOnce: false }), standing('b', { state: 'draining' })],
    'b',
  ],
  [
    'it is better than nobody',
    [standing('a', { refusing: true, reachedOnce: false }), standing('b', { state: 'starting' })],
    'a',
  ],
  ['weight 0 only without others', [standing('a', { weight: 0 }), standing('b')], 'b'],
  ['weight 0 without others', [standing('a', { weight: 0 })], 'a'],
  [
    'weight 0 when the others fail',
    [standing('a', { weight: 0, check: 'passing' }), standing('b', { check: 'failing' })],
    'a',
  ],
  [
    'those whose checks pass',
    [standing('a', { check: 'passing' }), standing('b', { check: 'failing' })],
    'a',
  ],
  [
    'half of them pass: no panic',
    [
      standing('a', { check: 'passing' }),
      standing('b', { check: 'passing' }),
      standing('c', { check: 'failing' }),
      standing('d', { check: 'failing' }),
    ],
    'ab',
  ],
  [
    'fewer than half pass: checks are ignored, but nobody gets in who never passed',
    [
      standing('a', { check: 'passing' }),
      standing('b', { check: 'failing' }),
      standing('c', { check: 'failing' }),
      standing('d', { check: 'unknown' }),
    ],
    'abc',
  ],
  ['the only one fails: it stays', [standing('a', { check: 'failing' })], 'a'],
  ['one that has never passed waits', [standing('a', { check: 'unknown' })], ''],
  [
    'those that drain answer while the new one has not passed yet',
    [standing('a', { check: 'unknown' }), standing('b', { state: 'draining' })],
    'b',
  ],
  ['the last one is not ejected', [standing('a', { ejectedUntilMs: 9 })], 'a'],
  ['one of two is', [standing('a', { ejectedUntilMs: 9 }), standing('b')], 'b'],
  [
    'at most half are, and who is nearest to its end comes back',
    [
      standing('a', { ejectedUntilMs: 9 }),
      standing('b', { ejectedUntilMs: 7 }),
      standing('c', { ejectedUntilMs: 8 }),
    ],
    'bc',
  ],
  ['nobody of nobody', [], ''],
] as const) {
  test(`in rotation: ${sentence}`, () => {
    expect(names(inRotation(all))).toBe(expected)
  })
}

test('who has never listened is on probation, while others answer', () => {
  const all = [standing('a', { refusing: true, reachedOnce: false }), standing('b')]
  expect(names(onProbation(all, inRotation(all)))).toBe('a')
  expect(names(onProbation([all[0] ?? standing('a')], [all[0] ?? standing('a')]))).toBe('')
})

test('five failures in a row eject for 10 s, the next time for 20 s', () => {
  const { next, end, later, isEjected } = scene([target('a'), target('b')])
  end('a', 'ok')
  end('b', 'ok')
  const got = () => tally(Array.from({ length: 20 }, () => next() ?? ''))
  end('a', 'status5xx', 4)
  end('a', 'ok')
  end('a', 'reset', 4)
  expect(got()).toEqual({ a: 10, b: 10 })
  end('a', 'timeout')
  expect([got(), isEjected('a')]).toEqual([{ b: 20 }, true])
  later(9_999)
  expect(got()).toEqual({ b: 20 })
  later(1)
  expect([got(), isEjected('a')]).toEqual([{ a: 10, b: 10 }, false])
  end('a', 'status5xx', 5)
  later(19_999)
  expect(got()).toEqual({ b: 20 })
  later(1)
  expect(got()).toEqual({ a: 10, b: 10 })
})

test('an ejection lasts at most 300 s, and a long peace is a new beginning', () => {
  const { get, end, later, now } = scene([target('a'), target('b')])
  end('a', 'ok')
  const lasting = () => {
    end('a', 'reset', 5)
    const ms = get('a').ejection.untilMs - now()
    later(ms)
    return ms
  }
  const all = Array.from({ length: 40 }, lasting)
  expect([all[0], all[29], all[39]]).toEqual([10_000, 300_000, 300_000])
  later(300_001)
  expect(lasting()).toBe(10_000)
})

test('what fails while its endpoint is ejected, however much, makes that no longer', () => {
  const { next, end, later } = scene([target('a'), target('b')])
  end('a', 'ok')
  end('b', 'ok')
  end('a', 'reset', 60)
  expect(tally(Array.from({ length: 10 }, () => next() ?? ''))).toEqual({ b: 10 })
  later(10_000)
  expect(tally(Array.from({ length: 10 }, () => next() ?? ''))).toEqual({ a: 5, b: 5 })
})

test('an ejection outlives changes of others, and an answer that says nothing is no failure', () => {
  const { next, end, publish } = scene([target('a'), target('b')])
  end('a', 'ok')
  end('b', 'ok')
  end('a', 'moot', 9)
  expect(new Set([next(), next()])).toEqual(new Set(['a', 'b']))
  end('a', 'reset', 5)
  publish([target('a'), target('b'), target('c')])
  end('c', 'ok')
  expect(Array.from({ length: 30 }, () => next())).not.toContain('a')
})

test('after a refused connect an endpoint rests for longer and longer, and one request tries it', () => {
  const { next, end, later, nextTry } = scene([target('a')])
  end('a', 'ok')
  for (const pause of [50, 100, 200, 250, 250]) {
    end('a', 'connect')
    expect([next(), nextTry()]).toEqual([undefined, pause])
    later(pause)
    expect([next(), next()]).toEqual(['a', undefined])
  }
  end('a', 'ok')
  expect([next(), next()]).toEqual(['a', 'a'])
})

test('an endpoint whose connects fail slowly rests as long as they take', () => {
  const { end, nextTry } = scene([target('a')])
  end('a', 'connect', 1, 3000)
  expect(nextTry()).toBe(3000)
  end('a', 'connect', 9, 3000)
  expect(nextTry()).toBe(5000)
})

test('a new endpoint gets one request until a connect has succeeded', () => {
  const { next, publish, get, end } = scene([target('a')])
  end('a', 'ok')
  publish([target('a'), target('b')])
  const got = Array.from({ length: 20 }, () => next())
  expect(got.filter((name) => name === 'b')).toEqual(['b'])
  get('b').reached()
  expect(tally(Array.from({ length: 20 }, () => next() ?? ''))).toEqual({ a: 10, b: 10 })
})

test('one that does not listen yet is tried by one request at a time, others go elsewhere', () => {
  const { next, publish, end, later } = scene([target('old')])
  end('old', 'ok')
  publish([target('old', { state: 'draining' }), target('new')])
  expect(next()).toBe('new')
  end('new', 'connect')
  expect([next({}, ['new']), next(), next()]).toEqual(['old', 'old', 'old'])
  later(50)
  expect([next(), next()]).toEqual(['new', 'old'])
  end('new', 'ok')
  expect([next(), next()]).toEqual(['new', 'new'])
})

test('one that does not listen yet is not ejected for that', () => {
  const { next, end, later, isEjected } = scene([target('a'), target('new')])
  end('a', 'ok')
  end('new', 'connect', 9)
  expect(isEjected('new')).toBe(false)
  later(250)
  expect(next()).toBe('new')
})

test('when all are new they are all used', () => {
  const { next } = scene([target('a'), target('b')])
  expect(tally(Array.from({ length: 20 }, () => next() ?? ''))).toEqual({ a: 10, b: 10 })
})

test('after a failed connect those of the own node come first, and nobody twice', () => {
  const { next } = scene([target('a'), target('far', { own: false }), target('b')])
  const four = (tried: string) => tally([1, 2, 3, 4].map(() => next({}, [tried]) ?? ''))
  expect(four('far')).toEqual({ a: 2, b: 2 })
  expect(four('a')).toEqual({ b: 4 })
  expect(next({}, ['a', 'b'])).toBe('far')
  expect(next({}, ['a', 'b', 'far'])).toBeUndefined()
})

test('an endpoint that waits for its checks gets nothing, and then all; who falls is left', () => {
  const health = { health: checkOf() }
  const { next, nextTry, checked, publish } = scene([target('a', { ...health, slot: 1 })])
  expect([next(), nextTry()]).toEqual([undefined, 1000])
  checked({ a: 'passing' })
  expect(next()).toBe('a')
  publish([target('a', { ...health, slot: 1 }), target('b', { ...health, slot: 2 })])
  expect([next(), next()]).toEqual(['a', 'a'])
  checked({ a: 'passing', b: 'passing' })
  expect(new Set(Array.from({ length: 8 }, () => next()))).toEqual(new Set(['a', 'b']))
  checked({ a: 'failing', b: 'passing' })
  expect([next(), next()]).toEqual(['b', 'b'])
})

function checkOf() {
  return {
    kind: 'http' as const,
    path: '/',
    method: 'GET',
    headers: {},
    intervalMs: 1000,
    timeoutMs: 1000,
    rise: 1,
    fall: 1,
    expect: ['2xx'],
    followRedirects: false,
  }
}
