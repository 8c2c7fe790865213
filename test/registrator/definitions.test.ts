import { expect, test } from 'vitest'

import { definitionSchema } from '../../src/core/definition.ts'
import { container } from './containers.ts'
import { becomes, own, web, world } from './scene.ts'

const key = '/portolan/definitions/h1/abc123def456'
const labels = (path: string) => ({
  'traefik.http.middlewares.m.stripprefix.prefixes': path,
})

test('what a container declares for others stands beside its instances, in the same revision', async () => {
  await using all = world()
  const h1 = all.node()
  h1.run()
  await becomes(all.keys, ['/portolan/nodes/h1'])
  const { revision } = await all.store.list('/', all.signal)
  h1.run({ ...web, labels: labels('/a') })
  await becomes(all.keys, [key, ...own])
  const { entries, ...after } = await all.store.list('/', all.signal)
  expect(after.revision).toBe(revision + 1)
  const entry = entries.get(key)
  expect(entry?.lease).toBe(entries.get('/portolan/nodes/h1')?.lease)
  expect(definitionSchema.parse(JSON.parse(entry?.value ?? '')).middlewares).toEqual({
    'm@docker': { stripPrefix: ['/a'] },
  })
  h1.run({ ...web, labels: labels('/b') })
  await becomes(async () => (await all.store.list(key, all.signal)).revision, revision + 2)
  h1.run(container({ ...web, labels: {} }))
  await becomes(all.keys, own)
})

test('a definition that somebody changed or left there is put right, and leaving takes it away', async () => {
  await using all = world()
  const left = '/portolan/definitions/h1/ffffffffffff'
  await all.apply([{ kind: 'put', key: left, value: '{}' }])
  const h1 = all.node()
  h1.run({ ...web, labels: labels('/a') })
  await becomes(all.keys, [key, ...own])
  await all.apply([{ kind: 'delete', key }])
  await becomes(all.keys, [key, ...own])
  await h1.registrator.leave(all.signal)
  expect(await all.keys()).toEqual([])
})
