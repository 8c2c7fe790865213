import { mkdir, readdir, rm } from 'node:fs/promises'

import { expect, test } from 'vitest'

import { containerId, instance } from '../core/samples.ts'
import { catalogOf, startConfd } from './running.ts'
import { put } from './scene.ts'

/** A resource whose files are `out/each/{{ item.Key | base }}.conf`, of the keys right below /s. */
async function scene(fields = '', list = '/s/*', name = '{{ item.Key | base }}.conf') {
  const made = await startConfd()
  const { folder } = made
  await mkdir(folder.at('out/each'))
  const write = (more = fields) =>
    folder.write(
      'conf.d/e.toml',
      `[template]\nsrc = "e.njk"\nfor_each = ${JSON.stringify(list)}\nwait = "10ms:100ms"\n` +
        `dest = ${JSON.stringify(folder.at(`out/each/${name}`))}\nkeys = ["/s"]\n` +
        more.replaceAll('ROOT', folder.root),
    )
  await made.template('e', '{{ item.Value }}')
  await write()
  const files = async (): Promise<Record<string, string | undefined>> => {
    const names = (await readdir(folder.at('out/each'))).filter((file) => !file.startsWith('.'))
    const contents = names.map(async (file) => [file, await made.out(`each/${file}`)] as const)
    return Object.fromEntries(await Promise.all(contents))
  }
  return {
    ...made,
    write,
    files,
    lines: async (file: string) => (await folder.readIfThere(file)) ?? '',
  }
}

test('there is a file for each item, one reload for all that changed, and none for what is gone', async () => {
  const { store, files, lines, view } = await scene(
    'check_cmd = "cat {{src}} >> ROOT/checked"\nreload_cmd = "ls ROOT/out/each | xargs >> ROOT/reloads"',
  )
  await put(store, { '/s/a': '1', '/s/b': '2' })
  await expect.poll(files).toEqual({ 'a.conf': '1', 'b.conf': '2' })
  await expect.poll(() => lines('reloads')).toMatch(/a.conf b.conf\n$/)
  const before = await lines('reloads')
  await put(store, { '/s/b': '3', '/s/c': '4' })
  await expect.poll(files).toEqual({ 'a.conf': '1', 'b.conf': '3', 'c.conf': '4' })
  await expect.poll(() => lines('reloads')).toBe(`${before}a.conf b.conf c.conf\n`)
  expect(await lines('checked')).toMatch(/^1?2?1?2?34$/)
  await store.apply([{ kind: 'delete', key: '/s/a' }], {}, AbortSignal.timeout(1000))
  await expect.poll(files).toEqual({ 'b.conf': '3', 'c.conf': '4' })
  await expect.poll(() => lines('reloads')).toBe(`${before}a.conf b.conf c.conf\nb.conf c.conf\n`)
  await expect
    .poll(() => view('e')?.files)
    .toMatchObject([{ state: 'removed' }, { state: 'unchanged' }, { state: 'unchanged' }])
})

test('only files that it has made are removed, also after a restart', async () => {
  const { store, folder, files, end, done, again } = await scene()
  await folder.write('out/each/mine.conf', 'by hand')
  await put(store, { '/s/a': '1', '/s/b': '2' })
  await expect.poll(files).toEqual({ 'a.conf': '1', 'b.conf': '2', 'mine.conf': 'by hand' })
  end.abort()
  await done
  await store.apply([{ kind: 'delete', key: '/s/a' }], {}, AbortSignal.timeout(1000))
  again()
  await expect.poll(files).toEqual({ 'b.conf': '2', 'mine.conf': 'by hand' })
})

test('what is wrong with one item is that of its file alone, which stays as it was', async () => {
  const { store, template, files, view, board } = await scene(
    `check_cmd = "! grep -q unchecked {{src}}"`,
  )
  await template('e', '{{ assert(item.Value != "bad", "no bad") }}{{ item.Value }}')
  await put(store, { '/s/a': '1', '/s/b': '1', '/s/c': '1' })
  await expect.poll(files).toEqual({ 'a.conf': '1', 'b.conf': '1', 'c.conf': '1' })
  await put(store, { '/s/a': 'bad', '/s/b': '2', '/s/c': 'unchecked' })
  await expect.poll(files).toEqual({ 'a.conf': '1', 'b.conf': '2', 'c.conf': '1' })
  await expect
    .poll(() =>
      board.problems.current.map(({ what, why }) => `${what.replace(/.*\//, '')}: ${why}`),
    )
    .toEqual([
      expect.stringMatching(/^a.conf is not up to date: template e.njk, line 1: .*no bad/),
      expect.stringMatching(/^c.conf is not up to date: check_cmd .* failed with exit code 1/),
    ])
  expect(view('e')).toMatchObject({ state: 'failed' })
  await put(store, { '/s/a': '3', '/s/c': '3' })
  await expect.poll(files).toEqual({ 'a.conf': '3', 'b.conf': '2', 'c.conf': '3' })
  await expect.poll(() => board.problems.current).toEqual([])
})

test('a name that leads out of the folder, or is taken, is refused, and nothing else', async () => {
  const { store, files, board, folder, resource, template } = await scene(
    '',
    '/s/*',
    '{{ item.Value }}',
  )
  await template('e', 'x')
  await template('plain', 'plain')
  await resource('plain', '')
  await folder.write(
    'conf.d/plain.toml',
    (await folder.read('conf.d/plain.toml')).replace('/out/', '/out/each/'),
  )
  await put(store, {
    '/s/0': 'good',
    '/s/1': '../../escaped',
    '/s/2': '/etc/escaped',
    '/s/3': '..',
    '/s/4': 'sub/folder',
    '/s/5': '.hidden',
    '/s/6': 'new\nline',
    '/s/7': '',
    '/s/8': 'twice',
    '/s/9': 'twice',
    '/s/a': 'plain',
    '/s/b': 'x'.repeat(300),
  })
  const whys = () => board.problems.current.map(({ why }) => why)
  await expect.poll(() => whys().length).toBe(10)
  await expect.poll(files).toEqual({ good: 'x', plain: 'plain' })
  expect(await readdir(folder.at('out'))).not.toContain('escaped')
  expect(whys().filter((why) => why.startsWith('dest gives the file name')).length).toBe(8)
  expect(whys().join('\n')).toContain('item /s/8 and item /s/9 of for_each have this dest')
  expect(whys().join('\n')).toContain('this dest is that of resource plain.toml already')
})

test('a list that cannot be made removes nothing, and neither does an item without a name', async () => {
  const { store, files, write, view, template } = await scene(
    '',
    '/s/*',
    '{{ json(item.Value).name }}',
  )
  await template('e', '{{ json(item.Value).v }}')
  await put(store, { '/s/a': '{"name": "a", "v": 1}', '/s/b': '{"name": "b", "v": 1}' })
  await expect.poll(files).toEqual({ a: '1', b: '1' })
  await put(store, { '/s/a': 'no json', '/s/b': '{"name": "b", "v": 2}' })
  await expect.poll(files).toEqual({ a: '1', b: '2' })
  await expect
    .poll(() => view('e')?.lastError)
    .toMatch(/^item \/s\/a: template dest of e.toml, line 1/)
  await write('mode = "0600"\n')
  await put(store, { '/s/a': '{"name": "c", "v": 1}' })
  await expect.poll(files).toEqual({ b: '2', c: '1' })
})

test('three failed reloads put all files back, those that were removed too', async () => {
  const { store, files, lines, view } = await scene(
    'reload_cmd = "cat ROOT/out/each/* | xargs >> ROOT/reloads; ! grep -qr bad ROOT/out/each"',
  )
  await put(store, { '/s/a': '1', '/s/b': '2' })
  await expect.poll(files).toEqual({ 'a.conf': '1', 'b.conf': '2' })
  await expect.poll(() => view('e')).toMatchObject({ state: 'written', reload: null })
  await store.apply(
    [
      { kind: 'delete', key: '/s/a' },
      { kind: 'put', key: '/s/b', value: 'bad' },
      { kind: 'put', key: '/s/c', value: 'new' },
    ],
    {},
    AbortSignal.timeout(1000),
  )
  await expect
    .poll(() => view('e')?.lastError)
    .toMatch(/tried 3 times; the previous state of 3 files was put back and reloaded$/)
  expect(await files()).toEqual({ 'a.conf': '1', 'b.conf': '2' })
  expect(await lines('reloads')).toMatch(/(badnew\n){3}12\n$/)
  await put(store, { '/s/b': 'good' })
  await expect.poll(files).toEqual({ 'b.conf': 'good', 'c.conf': 'new' })
})

test('an item may be a service, a value of a map, or a text', async () => {
  const services = await scene('', 'services', '{{ item.project }}-{{ item.name }}.conf')
  await services.template('e', '{{ min_instances(item, 1).instances.length }}')
  services.catalog.set(
    catalogOf(
      instance(),
      instance({ container: containerId('b'), service: 'db', state: 'unhealthy' }),
    ),
  )
  await expect.poll(services.files).toEqual({ 'shop-web.conf': '1' })
  await expect.poll(() => services.view('e')?.lastError).toContain('min_instances: 0 of shop/db')
  const map = await scene('', '{"b": 2, "a": 1}', '{{ key }}')
  await map.template('e', '{{ key }}{{ item }}')
  await expect.poll(map.files).toEqual({ a: 'a1', b: 'b2' })
  const texts = await scene('', '["x", "y"]', '{{ item }}')
  await texts.template('e', '{{ key }}{{ item }}')
  await expect.poll(texts.files).toEqual({ x: '0x', y: '1y' })
})

test('a list without an end of items, and what is no list, are errors that change nothing', async () => {
  const many = await scene('', 'seq(1, 1001)', '{{ item }}')
  await expect
    .poll(() => many.view('e')?.lastError)
    .toContain('1001 items, and 1000 files are the most')
  const one = await scene('', '"text"', '{{ item }}')
  await expect.poll(() => one.view('e')?.lastError).toContain('gives neither a list nor a map')
  expect([await many.files(), await one.files()]).toEqual([{}, {}])
})

test('an item whose template has no end leaves time to the others', async () => {
  const { store, template, files, view } = await scene('render_timeout = "4s"')
  const loop = '{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}'
  await template('e', `{% if item.Value == "bad" %}${loop}{% endif %}{{ item.Value }}`)
  await put(store, { '/s/a': 'bad', '/s/b': '1' })
  await expect.poll(files, { timeout: 30_000 }).toEqual({ 'b.conf': '1' })
  await expect.poll(() => view('e')?.lastError).toMatch(/a.conf: .*is not done after/)
})

test('a resource that goes leaves its files, and one that comes back takes them up', async () => {
  const { store, files, folder, confd, write } = await scene()
  await put(store, { '/s/a': '1', '/s/b': '2' })
  await expect.poll(files).toEqual({ 'a.conf': '1', 'b.conf': '2' })
  await rm(folder.at('conf.d/e.toml'))
  await expect.poll(() => confd.resources()).toEqual([])
  await store.apply([{ kind: 'delete', key: '/s/a' }], {}, AbortSignal.timeout(1000))
  expect(await files()).toEqual({ 'a.conf': '1', 'b.conf': '2' })
  await write()
  await expect.poll(files).toEqual({ 'b.conf': '2' })
})
