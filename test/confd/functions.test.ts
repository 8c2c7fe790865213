import { expect, test } from 'vitest'

import { textFunctions } from '../../src/confd/functions/text.ts'
import { valueFunctions } from '../../src/confd/functions/values.ts'
import { globPattern } from '../../src/confd/glob.ts'
import { kvFunctions, pairsOf } from '../../src/confd/kv.ts'
import { noKeys, touches } from '../../src/confd/reads.ts'

const pairs = new Map([
  ['/web/b', '1'],
  ['/web/a', '2'],
  ['/web/deep/x', '3'],
  ['/website', '4'],
  ['/leaf', 'v'],
  ['/empty', ''],
])
const { get, getv, gets, getvs, exists, ls, lsdir } = kvFunctions(pairs, noKeys())

test('getv gives the value, the default, or an error with the remedy', () => {
  expect(getv('/leaf')).toBe('v')
  expect(getv('/none', 'd')).toBe('d')
  expect(getv('/empty', 'd')).toBe('')
  expect(() => getv('/none')).toThrow(
    'key "/none" does not exist; put it into the store, list it in keys, or give a default: getv("/none", "...")',
  )
})

test('get gives Key and Value', () => {
  expect(get('/leaf')).toEqual({ Key: '/leaf', Value: 'v' })
  expect(() => get('/web')).toThrow('does not exist')
})

test('gets matches one level, sorted by key, and gives an empty list for none', () => {
  expect(gets('/web/*')).toEqual([
    { Key: '/web/a', Value: '2' },
    { Key: '/web/b', Value: '1' },
  ])
  expect(gets('/none/*')).toEqual([])
})

test('getvs is sorted by value', () => {
  expect(getvs('/web/*')).toEqual(['1', '2'])
})

test('exists means the key itself, not a directory', () => {
  expect([exists('/leaf'), exists('/web')]).toEqual([true, false])
})

test('ls gives the names of direct children, and of a leaf its own', () => {
  expect(ls('/web')).toEqual(['a', 'b', 'deep'])
  expect(ls('/')).toEqual(['empty', 'leaf', 'web', 'website'])
  expect(ls('/leaf')).toEqual(['leaf'])
  expect(ls('/none')).toEqual([])
})

test('lsdir gives only children that have children', () => {
  expect(lsdir('/web')).toEqual(['deep'])
  expect(lsdir('/')).toEqual(['web'])
  expect(lsdir('/leaf')).toEqual([])
})

test('a resource sees only its keys, without its prefix', () => {
  const entries = new Map(
    ['/p/web/a', '/p/website', '/p/leaf', '/other'].map((key) => [key, { value: key, lease: '' }]),
  )
  const seen = pairsOf({ keys: ['/p/web', '/p/leaf'], prefix: '/p' }, [entries])
  expect([...seen.keys()]).toEqual(['/web/a', '/leaf'])
})

for (const [glob, key, matches] of [
  ['/a/*', '/a/b', true],
  ['/a/*', '/a/b/c', false],
  ['/a/*/c', '/a/b/c', true],
  ['/a/?', '/a/b', true],
  ['/a/?', '/a/bb', false],
  ['/a?b', '/a/b', false],
  ['/[a-c]x', '/bx', true],
  ['/[^a-c]x', '/bx', false],
  ['/a.b', '/aXb', false],
  ['/a\\*', '/a*', true],
  ['/a\\*', '/ab', false],
  ['/h:web-1:*', '/h:web-1:80', true],
] as const) {
  test(`${glob} ${matches ? 'matches' : 'does not match'} ${key}`, () => {
    expect(globPattern(glob).test(key)).toBe(matches)
  })
}

test('a pattern that Go refuses is an error', () => {
  expect(() => globPattern('/a[')).toThrow('"/a[" is not a pattern')
})

const { base, dir, split, join, replace, contains, trimSuffix } = textFunctions
const { json } = valueFunctions

test('text functions take arguments in the order of Go', () => {
  expect([base('/a/b'), base(''), base('/'), dir('/a/b'), dir('a')]).toEqual([
    'b',
    '.',
    '/',
    '/a',
    '.',
  ])
  expect(split('a:b:c', ':')).toEqual(['a', 'b', 'c'])
  expect(join(['a', 'b'], '-')).toBe('a-b')
  expect([replace('aaa', 'a', 'b', 2), replace('aaa', 'a', 'b', -1)]).toEqual(['bba', 'bbb'])
  expect([contains('abc', 'b'), contains('abc', 'x')]).toEqual([true, false])
  expect([trimSuffix('a.conf', '.conf'), trimSuffix('a', ''), trimSuffix('a', 'b')]).toEqual([
    'a',
    'a',
    'a',
  ])
})

test('json reads a value, and names one that is not JSON', () => {
  expect(json('{"a":[1]}')).toEqual({ a: [1] })
  expect(() => json('{')).toThrow('json() got "{", which is not JSON; fix the value in the store')
})

type Kv = ReturnType<typeof kvFunctions>

for (const [what, read, touching, other] of [
  ['a key', (f: Kv) => f.getv('/web/a', ''), ['/web/a'], ['/web/b', '/web/a/x', '/web']],
  ['a key that is not there', (f: Kv) => f.exists('/no'), ['/no'], ['/web/a']],
  ['a pattern', (f: Kv) => f.gets('/web/*'), ['/web/a', '/web/new'], ['/web/deep/x', '/leaf']],
  ['a folder', (f: Kv) => f.ls('/web/'), ['/web/a', '/web/deep/y'], ['/website', '/leaf']],
  ['all', (f: Kv) => f.lsdir('/'), ['/x', '/web/a'], []],
] as const) {
  test(`who has read ${what} is touched by its changes alone`, () => {
    const keys = noKeys()
    read(kvFunctions(pairs, keys))
    expect(touching.filter((key) => !touches(keys, key))).toEqual([])
    expect(other.filter((key) => touches(keys, key))).toEqual([])
  })
}
