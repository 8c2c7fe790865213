import { queryObjects } from 'node:v8'

import { expect, test } from 'vitest'

import { stickySchema } from '../../../src/core/policy.ts'
import { Ways } from '../../../src/proxy/worker/ways.ts'
import { asks, target } from './members.ts'
import { scene } from './scene.ts'

test('an answer that comes when its route has changed binds to nobody and recalls nobody', () => {
  const sticky = stickySchema.parse({ cookie: 'lb' })
  const { next, route, get, publish, choosing, names } = scene([target('a'), target('b')], {
    sticky,
  })
  next()
  const [old, a] = [route(), get('a')]
  a.began()
  publish([target('c')])
  next()
  expect(choosing.setCookie(old, a, asks())).toBeUndefined()
  expect(choosing.setCookie(old, get('c'), asks())).toContain('lb=')
  a.ended('ok', 1)
  publish([target('c')])
  expect(names()).toEqual(['c'])
})

test('of routes that have gone nothing is kept, though somebody asked for them afterwards', () => {
  const { route, choosing, now } = scene([target('a')])
  const count = () => queryObjects(Ways, { format: 'count' })
  const before = count()
  for (let at = 0; at < 50; at++) {
    const after = { ...route(), key: `route ${at}` }
    choosing.settle([{ before: undefined, after }])
    choosing.choose(after, asks(), undefined, now())
    choosing.settle([{ before: after, after: undefined }])
    choosing.choose({ ...after, targets: [] }, asks(), undefined, now())
  }
  expect(count() - before).toBeLessThan(10)
})

test('a fallback whose service is another one now is there before and after the old one goes', () => {
  const { route, choosing } = scene([])
  const entrypoint = '  fallback shop/web sorry'
  const of = (service: string) => ({ ...route(), key: `${service} x`, service, entrypoint })
  const [before, after] = [of('-/sorry'), of('shop/sorry')]
  const who = () => choosing.helpers('shop/web', 'sorry')?.service
  choosing.settle([{ before: undefined, after: before }])
  choosing.settle([{ before: undefined, after }])
  choosing.settle([{ before, after: undefined }])
  expect(who()).toBe('shop/sorry')
  choosing.settle([{ before: after, after: undefined }])
  expect(who()).toBeUndefined()
})

test('connections of an endpoint are told of its end and its role at another address, too', () => {
  const { get, publish } = scene([target('a')])
  const told: string[] = []
  get('a').opened({ leave: () => void told.push('leave') })
  get('a').openedFor('primary', { cut: () => void told.push('cut') })
  publish([target('a', { ip: '127.0.0.2' })])
  expect(told).toEqual([])
  get('a').plays('replica')
  publish([target('a', { ip: '127.0.0.2', state: 'draining' })])
  expect(told).toEqual(['cut', 'leave'])
})
