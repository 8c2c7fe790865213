import { expect, test } from 'vitest'

import { defined } from '../../src/core/defined.ts'
import { type Definition, definitionSchema } from '../../src/core/definition.ts'
import { Definitions } from '../../src/core/definitions.ts'
import type { Instance } from '../../src/core/instance.ts'
import { definitionKey, instanceKey, instanceKeysAt, parseEntry } from '../../src/core/keys.ts'
import { routeSchema } from '../../src/core/route.ts'
import { containerId, instance } from './samples.ts'

const prefix = '/portolan'

/** What container `start` defines; the number of its name is its age. */
function definition(start: string, fields: Partial<Definition> = {}): Definition {
  return definitionSchema.parse({
    v: 1,
    node: 'h1',
    container: containerId(start),
    name: `c-${start}`,
    createdAt: `2026-01-01T00:00:0${start.slice(1)}Z`,
    ...fields,
  })
}

const strip = (path: string) => ({ 'm@docker': { stripPrefix: [path] } })
const route = (name: string, rule: string, middlewares: string[] = []) =>
  routeSchema.parse({ name, rule, middlewares })

function filled(...list: readonly Definition[]) {
  const all = new Definitions()
  for (const one of list) all.set(definitionKey(prefix, one), one)
  return all
}

function made(one: Instance, ...list: readonly Definition[]) {
  return defined(one, definitionKey(prefix, one), filled(...list))
}

const web = instance({ routes: [route('web', 'Host(`a`)', ['M@docker'])] })

test('a middleware that another container declares is added, by the name that the route has for it', () => {
  const { instance: one, problems } = made(web, definition('b1', { middlewares: strip('/x') }))
  expect(one.policy.middlewares).toEqual({ 'M@docker': { stripPrefix: ['/x'] } })
  expect(problems).toEqual([])
})

test('what the container declares itself goes before that of others', () => {
  const policy = { ...web.policy, middlewares: { 'M@docker': { stripPrefix: ['/own'] } } }
  const own = { ...web, policy }
  const { instance: one } = made(own, definition('b1', { middlewares: strip('/x') }))
  expect(one).toBe(own)
})

test('an instance that borrows nothing stays the same object', () => {
  const one = instance({ routes: [route('web', 'Host(`a`)')] })
  expect(made(one, definition('b1', { middlewares: strip('/x') })).instance).toBe(one)
})

test('what nobody declares stays unknown, and a problem says what it might be', () => {
  const { instance: one, problems } = made(
    instance({ routes: [route('web', 'Host(`a`)', ['auht@docker', 'x@file'])] }),
    definition('b1', { middlewares: { 'auth@docker': { addPrefix: '/x' } } }),
  )
  expect(one.policy.middlewares).toEqual({})
  expect(problems).toMatchObject([
    { severity: 'error', where: 'container shop-web-1', what: 'middleware auht@docker' },
  ])
  expect(problems[0]?.why).toContain('did you mean auth@docker?')
})

test('a chain brings its members from wherever they are declared', () => {
  const chain = { 'm@docker': { chain: ['one@docker', 'two@docker'] } }
  const one = definition('b1', { middlewares: { ...chain, 'one@docker': { addPrefix: '/1' } } })
  const two = definition('b2', { middlewares: { 'two@docker': { addPrefix: '/2' } } })
  expect(Object.keys(made(web, one, two).instance.policy.middlewares)).toEqual([
    'M@docker',
    'one@docker',
    'two@docker',
  ])
})

test('a chain that is not whole is taken out, so that its routes close', () => {
  const middlewares = {
    'm@docker': { chain: ['inner@docker', 'one@docker'] },
    'inner@docker': { chain: ['nobody@docker'] },
    'one@docker': { addPrefix: '/1' },
  }
  const { instance: one, problems } = made(web, definition('b1', { middlewares }))
  expect(Object.keys(one.policy.middlewares)).toEqual(['one@docker'])
  expect(problems.map(({ what }) => what)).toEqual(['middleware nobody@docker'])
})

test('of two that define one name differently the older holds, whatever came first, and both are named', () => {
  const [old, young] = [
    definition('b1', { middlewares: strip('/old') }),
    definition('b2', { middlewares: strip('/young') }),
  ]
  for (const list of [
    [old, young],
    [young, old],
  ]) {
    const all = filled(...list)
    expect(all.middleware('M@docker')).toEqual({ stripPrefix: ['/old'] })
    expect(all.problems()).toMatchObject([
      { where: 'container c-b2', what: 'its middleware m@docker is not that of container c-b1' },
    ])
    expect(all.set(definitionKey(prefix, old), undefined).middlewares).toEqual(['m@docker'])
    expect(all.middleware('m@docker')).toEqual({ stripPrefix: ['/young'] })
    expect(all.problems()).toEqual([])
  }
})

test('replicas that define the same are no problem, and the second changes nothing', () => {
  const all = filled(definition('b1', { middlewares: strip('/x') }))
  const second = definition('b2', { middlewares: strip('/x') })
  expect(all.set(definitionKey(prefix, second), second).middlewares).toEqual([])
  expect(all.problems()).toEqual([])
})

test('a route of another container leads to the instances that are its service', () => {
  const own = definition('aa', { container: web.container, services: { 'other@docker': 3000 } })
  const led = { service: 'other@docker', route: route('far', 'Host(`far`)', ['m@docker']) }
  const far = definition('b1', { middlewares: strip('/x'), routes: [led] })
  const plain = instance({ routes: [route('web', 'Host(`a`)')] })
  const { instance: one } = made(plain, own, far)
  expect(one.routes.map(({ name }) => name)).toEqual(['web', 'far'])
  expect(one.policy.middlewares).toEqual(strip('/x'))
  expect(made({ ...plain, port: 81 }, own, far).instance.routes).toHaveLength(1)
  // replicas of the router's container declare it once more
  const replica = definition('b2', { routes: [led] })
  expect(made(plain, own, far, replica).instance.routes).toHaveLength(2)
})

test('a route to a service of nobody is a problem until somebody declares it', () => {
  const led = { service: 'other@docker', route: route('far', 'Host(`far`)') }
  const all = filled(definition('b1', { routes: [led] }))
  expect(all.problems()).toMatchObject([
    { severity: 'error', where: 'container c-b1', what: 'route far leads to service other@docker' },
  ])
  const one = definition('b2', { services: { 'other@docker': 80 } })
  const key = definitionKey(prefix, one)
  expect(all.set(key, one).places).toEqual([{ key, port: 80 }])
  expect(all.problems()).toEqual([])
})

test('definitions have a key of their own, which leads to those of the instances', () => {
  const one = definition('b1', { container: web.container, services: { 'x@docker': 3000 } })
  const key = definitionKey(prefix, one)
  expect(key).toBe('/portolan/definitions/h1/aaaaaaaaaaaa')
  expect(instanceKeysAt(prefix, key, 3000)).toContain(instanceKey(prefix, web))
  expect(parseEntry(prefix, key, JSON.stringify(one))).toEqual({
    kind: 'definition',
    definition: one,
  })
  expect(() => parseEntry(prefix, `${key}x`, JSON.stringify(one))).toThrow(/delete it/)
})
