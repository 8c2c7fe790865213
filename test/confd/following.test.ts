import { setTimeout as pause } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { embeddedStore } from '../../src/store/embedded.ts'
import type { Store } from '../../src/store/store.ts'
import { instance } from '../core/samples.ts'
import { catalogOf, startConfd } from './running.ts'
import { put } from './scene.ts'

test('a file follows its keys, and only the resources that name a key are rendered', async () => {
  const { template, resource, store, out, registry } = await startConfd()
  await put(store, { '/a/x': '1', '/b/x': '1' })
  await template('a', '{% for kv in gets("/a/*") %}{{ kv.Key }}={{ kv.Value }}\n{% endfor %}')
  await template('b', '{{ getv("/b/x") }}')
  await resource('a', 'keys = ["/a"]')
  await resource('b', 'keys = ["/b/x"]')
  await expect.poll(() => out('a')).toBe('/a/x=1\n')
  await expect.poll(() => out('b')).toBe('1')
  await put(store, { '/ab': 'x', '/b/xy': 'x' })
  await pause(100)
  await put(store, { '/a/y': '2' })
  await expect.poll(() => out('a')).toBe('/a/x=1\n/a/y=2\n')
  await put(store, { '/b/x': '2' })
  await expect.poll(() => out('b')).toBe('2')
  // counted after the file is there
  const metrics = () => registry.metrics()
  await expect.poll(metrics).toMatch(/renders_total\{resource="a.toml",result="written"\} 2\n/)
  await expect.poll(metrics).toMatch(/renders_total\{resource="b.toml",result="written"\} 2\n/)
  expect(await metrics()).not.toContain('result="unchanged"')
})

test('of many files those alone are rendered that have read what changed', async () => {
  const { template, resource, store, out, registry, catalog } = await startConfd()
  await put(store, { '/s/a': '1', '/s/b': '1' })
  await template('a', '{{ getv("/s/a") }}')
  await template('all', '{{ gets("/s/*").length }}{{ getv("/s/b") }}')
  await template('web', '{{ service("web").instances.length }}')
  await template('db', '{{ service("db", {instances: []}).instances.length }}')
  for (const name of ['a', 'all']) await resource(name, 'keys = ["/s"]')
  for (const name of ['web', 'db']) await resource(name, '')
  const web = instance()
  catalog.set(catalogOf(web))
  const files = () => Promise.all(['a', 'all', 'web', 'db'].map(out))
  await expect.poll(files).toEqual(['1', '21', '1', '0'])
  await put(store, { '/s/b': '2' })
  await expect.poll(files).toEqual(['1', '22', '1', '0'])
  catalog.set(catalogOf(web, instance({ project: '-', service: 'db', port: 5432 })))
  await expect.poll(files).toEqual(['1', '22', '1', '1'])
  const metrics = await registry.metrics()
  for (const [name, count] of [
    ['a', 1],
    ['all', 2],
    ['db', 2],
  ] as const) {
    expect(metrics).toContain(`{resource="${name}.toml",result="written"} ${count}\n`)
  }
  expect(metrics).not.toContain('resource="a.toml",result="unchanged"')
})

test('a prefix is taken off the keys', async () => {
  const { template, resource, store, out } = await startConfd()
  await put(store, { '/prod/a': '1', '/a': 'wrong' })
  await template('a', '{{ getv("/a") }}')
  await resource('a', 'prefix = "/prod"\nkeys = ["/a"]')
  await expect.poll(() => out('a')).toBe('1')
})

test('a template that asks for services waits for them and follows them, another does not', async () => {
  const { template, resource, catalog, out, view, registry } = await startConfd()
  await template('s', '{% for i in service("web").instances %}{{ i.address }};{% endfor %}')
  await template('k', 'constant')
  await resource('s', '')
  await resource('k', '')
  await expect.poll(() => out('k')).toBe('constant')
  await expect.poll(() => view('s')?.state).toBe('waiting')
  expect(await out('s')).toBeUndefined()
  catalog.set(catalogOf(instance()))
  await expect.poll(() => out('s')).toBe('172.18.0.3:3000;')
  catalog.set(catalogOf(instance(), instance({ port: 81 })))
  await expect.poll(() => out('s')).toBe('172.18.0.3:81;172.18.0.3:3000;')
  expect(await registry.metrics()).toMatch(/resource="k.toml",result="written"\} 1\n/)
  expect(await registry.metrics()).not.toContain('resource="k.toml",result="unchanged"')
})

test('a store that has not been read makes no file empty, and one that goes away keeps the last', async () => {
  const store = embeddedStore()
  let isAway = true
  const flaky: Pick<Store, 'list' | 'watch'> = {
    list: (prefix, signal) =>
      isAway ? Promise.reject(new Error('away')) : store.list(prefix, signal),
    async *watch(prefix, after, signal) {
      for await (const batch of store.watch(prefix, after, signal)) {
        if (isAway) throw new Error('away')
        yield batch
      }
    },
  }
  const { template, resource, out, view, folder } = await startConfd({ store: flaky })
  await put(store, { '/a': '1' })
  await folder.write('out/a', 'from before')
  await template('a', '{{ getvs("/*") | join(",") }}')
  await resource('a', 'keys = ["/"]')
  await expect.poll(() => view('a')?.state).toBe('waiting')
  expect(await out('a')).toBe('from before')
  isAway = false
  await expect.poll(() => out('a')).toBe('1')
  isAway = true
  await put(store, { '/b': '2' })
  await pause(200)
  expect([await out('a'), view('a')?.state]).toEqual(['1', 'written'])
})

test('a burst of changes is one render', async () => {
  const { template, resource, store, out, registry } = await startConfd()
  await put(store, { '/a/0': '0' })
  await template('a', '{{ ls("/a").length }}')
  await resource('a', 'keys = ["/a"]\n'.concat('check_cmd = "true"'))
  await expect.poll(() => out('a')).toBe('1')
  for (let i = 1; i <= 50; i++) await put(store, { [`/a/${i}`]: 'x' })
  await expect.poll(() => out('a')).toBe('51')
  const [, count] = /result="written"\} (\d+)/.exec(await registry.metrics()) ?? []
  expect(Number(count)).toBeLessThanOrEqual(3)
})
