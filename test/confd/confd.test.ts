import { rm, stat } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

import { Registry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'

import { createConfd } from '../../src/confd/confd.ts'
import type { Chosen } from '../../src/core/address.ts'
import { type Catalog, emptyCatalog } from '../../src/core/catalog.ts'
import { type Instance, serviceId } from '../../src/core/instance.ts'
import { live } from '../../src/core/live.ts'
import { createLog } from '../../src/core/log.ts'
import { problemBoard } from '../../src/core/problems.ts'
import { embeddedStore } from '../../src/store/embedded.ts'
import type { Store } from '../../src/store/store.ts'
import { instance } from '../core/samples.ts'
import { opener, put, tempFolder } from './scene.ts'

const addressOf = ({ addresses, port }: Instance): Chosen => ({
  ok: true,
  ip: addresses[0]?.ip ?? '',
  port,
  why: 'test',
})

const catalogOf = (...instances: readonly Instance[]): Catalog => ({
  ...emptyCatalog,
  services: Map.groupBy(instances, serviceId),
})

type Scene = { readonly store?: Pick<Store, 'list' | 'watch'>; readonly noop?: boolean }

/** A running confd over a folder, an embedded store and a catalog, with short pauses. */
async function scene({ store: given, noop = false }: Scene = {}) {
  const folder = await tempFolder()
  await folder.write('templates/.keep', '')
  await folder.write('conf.d/.keep', '')
  await folder.write('out/.keep', '')
  const store = embeddedStore()
  const { open, running } = opener(given ?? store)
  const catalog = live<Catalog | undefined>(undefined)
  const board = problemBoard()
  const registry = new Registry()
  const lines: string[] = []
  const log = createLog({
    level: 'info',
    format: 'json',
    to: { write: (line: string) => void lines.push(line) },
  })
  const parts = { folder: folder.root, open, catalog, addressOf, noop, log, registry }
  const confd = createConfd({
    ...parts,
    report: (part, problems) => board.report(part, problems),
    rescanMs: 300,
    retry: { firstMs: 50, maxMs: 200 },
  })
  const end = new AbortController()
  const done = confd.run(end.signal)
  onTestFinished(async () => {
    end.abort()
    await done
  })
  const resource = (name: string, fields: string) =>
    folder.write(
      `conf.d/${name}.toml`,
      `[template]\nsrc = "${name}.njk"\ndest = "${folder.at(`out/${name}`)}"\nwait = "10ms:100ms"\n` +
        fields.replaceAll('ROOT', folder.root),
    )
  const made = { folder, store, catalog, confd, board, lines, running, registry, end, done }
  return {
    ...made,
    resource,
    template: (name: string, source: string) => folder.write(`templates/${name}.njk`, source),
    out: (name: string) => folder.readIfThere(`out/${name}`),
    view: (name: string) => confd.resources().find((one) => one.name === `${name}.toml`),
  }
}

test('a file follows its keys, and only the resources that name a key are rendered', async () => {
  const { template, resource, store, out, registry } = await scene()
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
  const { template, resource, store, out, registry, catalog } = await scene()
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

test('a template without an end leaves the file as it was and is a problem, others go on', async () => {
  const { template, resource, folder, out, board } = await scene()
  await folder.write('out/bad', 'good')
  await template(
    'bad',
    '{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}',
  )
  await template('other', 'fine')
  await resource('bad', 'render_timeout = "300ms"')
  await resource('other', '')
  await expect.poll(() => out('other')).toBe('fine')
  await expect
    .poll(() => board.problems.current.map(({ where, why }) => `${where}: ${why}`))
    .toEqual([
      expect.stringMatching(/^resource bad.toml: template bad.njk is not done after 300ms/),
    ])
  expect(await out('bad')).toBe('good')
  await template('bad', 'mended')
  await expect.poll(() => out('bad')).toBe('mended')
})

test('several templates of one file are one reload, after all are in place', async () => {
  const { template, folder, store, out } = await scene()
  await put(store, { '/x': '1' })
  for (const name of ['a', 'b', 'c']) await template(name, `${name}{{ getv("/x") }}`)
  const sections = ['a', 'b', 'c'].map(
    (name) => `[[template]]\nsrc = "${name}.njk"\ndest = "${folder.at(`out/${name}`)}"\n`,
  )
  await folder.write(
    'conf.d/all.toml',
    `keys = ["/x"]\nwait = "10ms:100ms"\nreload_cmd = "cd ${folder.root}/out; cat a b c >> ../reloads; echo >> ../reloads"\n${sections.join('')}`,
  )
  await expect.poll(() => folder.readIfThere('reloads')).toBe('a1b1c1\n')
  await put(store, { '/x': '2' })
  await expect.poll(() => folder.readIfThere('reloads')).toBe('a1b1c1\na2b2c2\n')
  await expect.poll(() => out('c')).toBe('c2')
})

test('a reload that comes too early is done later, once, and not forgotten', async () => {
  const { template, resource, store, out, view, folder } = await scene()
  await put(store, { '/x': '1' })
  await template('a', '{{ getv("/x") }}')
  await resource(
    'a',
    'keys = ["/x"]\nmin_reload_interval = "1500ms"\nreload_cmd = "cat ROOT/out/a >> ROOT/reloads"',
  )
  await expect.poll(() => folder.readIfThere('reloads')).toBe('1')
  for (const value of ['2', '3']) {
    await put(store, { '/x': value })
    await expect.poll(() => out('a')).toBe(value)
  }
  await expect.poll(() => folder.readIfThere('reloads')).toMatch(/^12?3$/)
  await expect.poll(() => view('a')).toMatchObject({ state: 'written', lastError: null })
})

test('what is not in its format is not written', async () => {
  const { template, resource, out, view } = await scene()
  await template('a', '{"a": 1,}')
  await resource('a', 'output_format = "json"')
  await expect
    .poll(() => view('a')?.lastError)
    .toMatch(/^what it makes is not json .*correct the template/)
  expect(await out('a')).toBeUndefined()
  await template('a', '{"a": 1}')
  await expect.poll(() => out('a')).toBe('{"a": 1}')
})

test('a prefix is taken off the keys', async () => {
  const { template, resource, store, out } = await scene()
  await put(store, { '/prod/a': '1', '/a': 'wrong' })
  await template('a', '{{ getv("/a") }}')
  await resource('a', 'prefix = "/prod"\nkeys = ["/a"]')
  await expect.poll(() => out('a')).toBe('1')
})

test('a template that asks for services waits for them and follows them, another does not', async () => {
  const { template, resource, catalog, out, view, registry } = await scene()
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
  const { template, resource, out, view, folder } = await scene({ store: flaky })
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

test('resources and templates may come, change and go while it runs', async () => {
  const { template, resource, folder, out, confd, running, store } = await scene()
  await put(store, { '/a': '1' })
  await resource('a', 'keys = ["/a"]')
  await expect.poll(() => confd.resources()[0]?.lastError).toContain('template not found')
  await template('a', '{% include "part.njk" %}')
  await template('part', 'one {{ getv("/a") }}')
  await expect.poll(() => out('a')).toBe('one 1')
  await template('part', 'two')
  await expect.poll(() => out('a')).toBe('two')
  await resource('a', 'keys = ["/a"]\nmode = "0600"')
  await expect.poll(async () => (await stat(folder.at('out/a'))).mode & 0o777).toBe(0o600)
  expect(running).toEqual(['/a'])
  await rm(folder.at('conf.d/a.toml'))
  await expect.poll(() => confd.resources()).toEqual([])
  await expect.poll(() => running).toEqual([])
  expect(await out('a')).toBe('two')
})

test('a file that somebody changed or removed is put right', async () => {
  const { template, resource, folder, out } = await scene()
  await template('a', 'ours')
  await resource('a', '')
  await expect.poll(() => out('a')).toBe('ours')
  await folder.write('out/a', 'theirs')
  await expect.poll(() => out('a')).toBe('ours')
  await rm(folder.at('out/a'))
  await expect.poll(() => out('a')).toBe('ours')
})

test('a bad resource, a bad template and a second owner of a file harm only themselves', async () => {
  const { template, resource, folder, out, board } = await scene()
  await template('good', 'fine')
  await template('broken', 'line\n{{ nobody }}')
  await folder.write('conf.d/0bad.toml', '[template]\nsrc = "x"\n')
  await resource('broken', '')
  await resource('good', '')
  await folder.write('conf.d/zz.toml', await folder.read('conf.d/good.toml'))
  await expect.poll(() => out('good')).toBe('fine')
  await expect
    .poll(() => board.problems.current.map(({ where, what, why }) => `${where}: ${what} (${why})`))
    .toEqual([
      expect.stringMatching(/^resource 0bad.toml: 0bad.toml: dest is missing: write the path/),
      expect.stringMatching(/^resource zz.toml: dest .* is that of good.toml already/),
      expect.stringMatching(
        /^resource broken.toml: .*not up to date \(template broken.njk, line 2/,
      ),
    ])
  await template('broken', 'mended')
  await expect.poll(() => out('broken')).toBe('mended')
  await expect.poll(() => board.problems.current.length).toBe(2)
})

test('a folder that is not there is a problem until it comes', async () => {
  const { folder, board, resource, template, out } = await scene()
  await rm(folder.at('conf.d'), { recursive: true })
  await expect.poll(() => board.problems.current[0]?.what).toMatch(/conf\.d cannot be read$/)
  await template('a', 'x')
  await resource('a', '')
  await expect.poll(() => out('a')).toBe('x')
  await expect.poll(() => board.problems.current).toEqual([])
})

test('a failed reload is tried again by itself, and said once', async () => {
  const { template, resource, out, view, lines, folder } = await scene()
  await template('a', 'new')
  await resource('a', 'reload_cmd = "echo x >> ROOT/tries; test $(wc -l < ROOT/tries) = 3"')
  await expect.poll(() => view('a')?.state).toBe('written')
  expect(await folder.read('tries')).toBe('x\nx\nx\n')
  expect(await out('a')).toBe('new')
  expect(lines.filter((line) => line.includes('"level":"error"')).length).toBe(1)
})

test('what no program would load is taken back, and tried again once the resource is corrected', async () => {
  const { template, resource, out, view, folder } = await scene()
  await folder.write('out/a', 'old')
  await template('a', 'new')
  await resource('a', 'reload_cmd = "echo $(cat ROOT/out/a) >> ROOT/tries; grep -q old ROOT/out/a"')
  await expect.poll(() => view('a')?.lastError).toContain('tried 3 times')
  expect(await out('a')).toBe('old')
  await pause(300)
  expect(await folder.read('tries')).toBe('new\nnew\nnew\nold\n')
  await resource('a', 'reload_cmd = "true"')
  await expect.poll(() => out('a')).toBe('new')
  await expect.poll(() => view('a')).toMatchObject({ state: 'written', lastError: null })
})

test('a command that takes long holds up no other resource, and what it said is shown', async () => {
  const { template, resource, out, view, lines, folder } = await scene()
  await template('slow', 'x')
  await template('fast', 'y')
  await resource('slow', 'check_cmd = "until test -e ROOT/go; do sleep 0.1; done; echo checked"')
  await expect.poll(() => view('slow')).toBeDefined()
  await resource('fast', '')
  await expect.poll(() => out('fast')).toBe('y')
  expect(await out('slow')).toBeUndefined()
  await folder.write('go', '')
  await expect.poll(() => out('slow')).toBe('x')
  await expect.poll(() => view('slow')?.output).toBe('checked\n')
  await expect.poll(() => lines.some((line) => line.includes('checked\\n'))).toBe(true)
})

test('a burst of changes is one render', async () => {
  const { template, resource, store, out, registry } = await scene()
  await put(store, { '/a/0': '0' })
  await template('a', '{{ ls("/a").length }}')
  await resource('a', 'keys = ["/a"]\n'.concat('check_cmd = "true"'))
  await expect.poll(() => out('a')).toBe('1')
  for (let i = 1; i <= 50; i++) await put(store, { [`/a/${i}`]: 'x' })
  await expect.poll(() => out('a')).toBe('51')
  const [, count] = /result="written"\} (\d+)/.exec(await registry.metrics()) ?? []
  expect(Number(count)).toBeLessThanOrEqual(3)
})

test('a dry run writes nothing and logs the difference', async () => {
  const { template, resource, out, view, lines } = await scene({ noop: true })
  await template('a', 'new\n')
  await resource('a', 'reload_cmd = "touch ROOT/reloaded"')
  await expect.poll(() => view('a')?.state).toBe('would-write')
  expect(await out('a')).toBeUndefined()
  expect(lines.join('')).toContain('+new')
})

test('its end is the end of all that it started', async () => {
  const { template, resource, out, end, done, running, store } = await scene()
  await put(store, { '/a': '1' })
  await template('a', '{{ getv("/a") }}')
  await resource('a', 'keys = ["/a"]')
  await expect.poll(() => out('a')).toBe('1')
  end.abort()
  await done
  expect(running).toEqual([])
})
