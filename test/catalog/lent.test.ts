import { expect, test } from 'vitest'

import { instancesOfCatalog } from '../../src/core/catalog.ts'
import { type Definition, definitionSchema } from '../../src/core/definition.ts'
import { definitionKey } from '../../src/core/keys.ts'
import { routeSchema } from '../../src/core/route.ts'
import type { Change } from '../../src/store/store.ts'
import { containerId } from '../core/samples.ts'
import { node, other, own, part, prefix, put, setUp } from './scene.ts'

function definition(name: string, fields: Partial<Definition> = {}): Definition {
  return definitionSchema.parse({
    v: 1,
    node: 'h2',
    container: containerId(name),
    name,
    createdAt: '2026-01-01T00:00:00Z',
    ...fields,
  })
}

const putDefinition = (one: Definition): Change => ({
  kind: 'put',
  key: definitionKey(prefix, one),
  value: JSON.stringify(one),
})

const strip = (path: string) => ({ 'm@docker': { stripPrefix: [path] } })
const route = routeSchema.parse({ name: 'web', rule: 'Host(`a`)', middlewares: ['m@docker'] })
const web = own('a1', { routes: [route] })

type World = ReturnType<typeof setUp>

function instanceIn(world: World, name: string) {
  const { current } = world.catalog
  return instancesOfCatalog(current ?? raise()).find((one) => one.name === name)
}

function raise(): never {
  throw new Error('there is no catalog yet')
}

const middlewares = (world: World, name = 'a1') =>
  expect.poll(() => instanceIn(world, name)?.policy.middlewares, { timeout: 5000, interval: 10 })

test('a middleware of another node comes, changes and goes with its container', async () => {
  await using world = setUp()
  world.own.set(part(web))
  await world.has('a1')
  expect(world.problems()).toMatchObject([{ what: 'middleware m@docker' }])
  const auth = definition('b1', { middlewares: strip('/x') })
  await world.apply([node('h2'), putDefinition(auth)])
  await middlewares(world).toEqual(strip('/x'))
  await expect.poll(world.problems).toEqual([])
  await world.apply([putDefinition({ ...auth, middlewares: strip('/y') })])
  await middlewares(world).toEqual(strip('/y'))
  await world.apply([{ kind: 'delete', key: definitionKey(prefix, auth) }])
  await middlewares(world).toEqual({})
})

test('what our own containers define needs no store, and outdates what the store says of us', async () => {
  await using world = setUp()
  const stale = definition('a2', { node: 'h1', middlewares: strip('/stale') })
  await world.apply([node('h1'), putDefinition(stale), put(web)])
  await middlewares(world).toEqual(strip('/stale'))
  const auth = definition('a3', { node: 'h1', middlewares: strip('/x') })
  world.own.set({ ...part(web), definitions: [auth] })
  await middlewares(world).toEqual(strip('/x'))
  world.own.set(part(web))
  await middlewares(world).toEqual({})
})

test('a router leads to the containers of its service on all nodes', async () => {
  await using world = setUp()
  const services = { 'x@docker': 3000 }
  const far = definition('a9', { node: 'h1', routes: [{ service: 'x@docker', route }] })
  world.own.set({ ...part(), definitions: [far] })
  await world.apply([node('h2'), put(other('b1')), put(other('b2'))])
  await world.has('b1', 'b2')
  expect(world.problems()).toMatchObject([{ what: 'route web leads to service x@docker' }])
  await world.apply([putDefinition(definition('b1', { services }))])
  const routes = (name: string) => instanceIn(world, name)?.routes.map((one) => one.name)
  await expect.poll(() => routes('b1')).toEqual(['web'])
  expect(routes('b2')).toEqual([])
  await world.apply([putDefinition(definition('b2', { services }))])
  await expect.poll(() => routes('b2')).toEqual(['web'])
  world.own.set(part())
  await expect.poll(() => [routes('b1'), routes('b2')]).toEqual([[], []])
})

test('what a lost node defines holds while its instances are doubted, and no longer', async () => {
  const answering = Promise.withResolvers<boolean>()
  await using world = setUp({ probe: async () => answering.promise, doubtMs: 20_000 })
  world.own.set(part(web))
  const lease = await world.lease()
  const auth = definition('b1', { middlewares: strip('/x') })
  await world.apply([node('h2'), put(other('b1')), putDefinition(auth)], lease.id)
  await middlewares(world).toEqual(strip('/x'))
  await world.revoke(lease.id)
  await expect.poll(() => world.catalog.current?.nodes.has('h2')).toBe(true)
  await world.apply([{ kind: 'put', key: `${prefix}/routes/x`, value: 'no JSON' }])
  await expect.poll(() => world.problems().length).toBe(1)
  expect(instanceIn(world, 'a1')?.policy.middlewares).toEqual(strip('/x'))
  answering.resolve(false)
  await world.has('a1')
  await middlewares(world).toEqual({})
})
