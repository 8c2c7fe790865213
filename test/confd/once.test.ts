import { expect, test } from 'vitest'

import { type OnceOptions, renderOnce } from '../../src/confd/once.ts'
import { type Catalog, emptyCatalog } from '../../src/core/catalog.ts'
import { live } from '../../src/core/live.ts'
import { embeddedStore } from '../../src/store/embedded.ts'
import { opener, put, tempFolder, testSignal } from './scene.ts'

async function storeWith(entries: Readonly<Record<string, string>>) {
  const store = embeddedStore()
  await put(store, entries)
  return store
}

type Fields = Readonly<Record<string, string>>

async function scene(templates: Fields, fields: Fields = {}) {
  const folder = await tempFolder()
  await folder.write('out/.keep', '')
  for (const [name, source] of Object.entries(templates)) {
    await folder.write(`templates/${name}`, source)
    await folder.write(
      `conf.d/${name}.toml`,
      `[template]\nsrc = "${name}"\ndest = "${folder.at(`out/${name}`)}"\nkeys = ["/a"]\n` +
        (fields[name] ?? '').replaceAll('ROOT', folder.root),
    )
  }
  const store = await storeWith({ '/a/x': '1' })
  const { open, running } = opener(store)
  const catalog = live<Catalog | undefined>(emptyCatalog)
  const options: OnceOptions = {
    folder: folder.root,
    open,
    catalog,
    addressOf: () => ({ ok: false, why: '', remedy: '' }),
    retry: { firstMs: 10 },
  }
  return { folder, options, running, catalog }
}

test('each resource is rendered once, with its own result', async () => {
  const { folder, options, running } = await scene({
    a: '{{ getv("/a/x") }}',
    b: '{{ nope }}',
    c: 'c',
  })
  await folder.write('out/c', 'c')
  await folder.write('conf.d/d.toml', 'not toml')
  const results = await renderOnce(options, testSignal())
  expect(results).toMatchObject([
    { resource: 'd.toml', state: 'failed', error: expect.stringContaining('d.toml is not TOML') },
    { resource: 'a.toml', dest: folder.at('out/a'), state: 'written', error: null },
    { resource: 'b.toml', state: 'failed', error: expect.stringMatching(/^template b, line 1/) },
    { resource: 'c.toml', state: 'unchanged', error: null },
  ])
  expect(await folder.read('out/a')).toBe('1')
  await expect.poll(() => running).toEqual([])
})

test('a dry run gives the difference and changes nothing', async () => {
  const { folder, options } = await scene({ a: 'new\n' }, { a: 'check_cmd = "touch ROOT/checked"' })
  await folder.write('out/a', 'old\n')
  const [result] = await renderOnce({ ...options, noop: true }, testSignal())
  expect(result?.state).toBe('would-write')
  expect(result?.diff).toContain('\n-old\n+new\n')
  expect([await folder.read('out/a'), await folder.readIfThere('checked')]).toEqual([
    'old\n',
    undefined,
  ])
})

test('a reload is tried three times before the file is taken back', async () => {
  const { folder, options } = await scene(
    { a: 'x', b: 'x' },
    {
      a: 'reload_cmd = "echo x >> ROOT/tries; test $(wc -l < ROOT/tries) = 3"',
      b: 'reload_cmd = "exit 1"',
    },
  )
  const [a, b] = await renderOnce(options, testSignal())
  expect(a).toMatchObject({ state: 'written', error: null })
  expect(b).toMatchObject({ state: 'failed', error: expect.stringContaining('tried 3 times') })
  expect(await folder.readIfThere('out/b')).toBeUndefined()
})

test('it waits for the services until its time is up', async () => {
  const { options, catalog } = await scene({ a: '{{ services.length }}' })
  catalog.set(undefined)
  const [late] = await renderOnce(options, AbortSignal.timeout(100))
  expect(late).toMatchObject({
    state: 'failed',
    error: expect.stringContaining('not be read in time'),
  })
  const rendering = renderOnce(options, testSignal())
  setTimeout(() => catalog.set(emptyCatalog), 50)
  expect(await rendering).toMatchObject([{ state: 'written' }])
})

test('a resource with for_each gives a result for each file, a dry run those that would come and go', async () => {
  const { folder, options } = await scene(
    { e: '{{ item.Value }}\n' },
    { e: 'for_each = "/a/*"\nprefix = ""\n' },
  )
  const source = await folder.read('conf.d/e.toml')
  await folder.write('conf.d/e.toml', source.replace('/out/e"', '/out/{{ item.Key | base }}.e"'))
  const [first] = await renderOnce(options, testSignal())
  expect(first).toMatchObject({ resource: 'e.toml', dest: folder.at('out/x.e'), state: 'written' })
  const other = { ...options, open: opener(await storeWith({ '/a/y': '2' })).open }
  const dry = await renderOnce({ ...other, noop: true }, testSignal())
  expect(dry.map(({ dest, state }) => [dest, state])).toEqual([
    [folder.at('out/y.e'), 'would-write'],
    [folder.at('out/x.e'), 'would-remove'],
  ])
  expect(dry.map(({ diff }) => diff).join('')).toMatch(/\+2\n[\s\S]*-1\n/)
  const wet = await renderOnce(other, testSignal())
  expect(wet.map(({ state }) => state)).toEqual(['written', 'removed'])
  expect(await folder.readIfThere('out/x.e')).toBeUndefined()
})
