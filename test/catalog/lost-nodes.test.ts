import { expect, test } from 'vitest'

import { lostNodes } from '../../src/catalog/lost-nodes.ts'
import { ServiceIndex } from '../../src/catalog/services.ts'
import type { NodeRecord } from '../../src/core/keys.ts'
import { instance } from '../core/samples.ts'

const record = (node: string): NodeRecord => ({
  v: 1,
  node,
  engine: node,
  session: 's',
  address: '10.0.0.2',
  roles: [],
  version: '0',
  startedAt: '',
})
const alive = new Map([['h1', record('h1')]])

test('a lost node is known for as long as an instance of it is doubted', () => {
  const lost = lostNodes()
  lost.was(record('h2'))
  lost.keep('key', instance({ node: 'h2' }))
  expect([...lost.joinedTo(alive).keys()].toSorted()).toEqual(['h1', 'h2'])
  lost.settle('key')
  expect(lost.joinedTo(alive)).toBe(alive)
})

test('what the store says of a node goes before what it said', () => {
  const lost = lostNodes()
  lost.was({ ...record('h1'), address: 'old' })
  lost.keep('key', instance({ node: 'h1' }))
  expect(lost.joinedTo(alive).get('h1')?.address).toBe('10.0.0.2')
})

test('while nothing changes the map stays the same object', () => {
  const lost = lostNodes()
  lost.was(record('h2'))
  lost.keep('key', instance({ node: 'h2' }))
  const first = lost.joinedTo(alive)
  lost.settle('another key')
  expect(lost.joinedTo(alive)).toBe(first)
})

test('the same run of a container under two names of its node is seen as one', () => {
  const index = new ServiceIndex()
  const before = instance({ node: 'before' })
  index.set('a', before)
  expect(index.hasTwin('a', before)).toBe(false)
  index.set('b', instance({ node: 'after' }))
  expect(index.hasTwin('a', before)).toBe(true)
  index.set('b', instance({ node: 'after', startedAt: 'later' }))
  expect(index.hasTwin('a', before)).toBe(false)
})
