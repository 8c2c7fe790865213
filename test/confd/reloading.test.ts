import { setTimeout as pause } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { startConfd } from './running.ts'
import { put } from './scene.ts'

test('several templates of one file are one reload, after all are in place', async () => {
  const { template, folder, store, out } = await startConfd()
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
  const { template, resource, store, out, view, folder } = await startConfd()
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

test('a failed reload is tried again by itself, and said once', async () => {
  const { template, resource, out, view, lines, folder } = await startConfd()
  await template('a', 'new')
  await resource('a', 'reload_cmd = "echo x >> ROOT/tries; test $(wc -l < ROOT/tries) = 3"')
  await expect.poll(() => view('a')?.state).toBe('written')
  expect(await folder.read('tries')).toBe('x\nx\nx\n')
  expect(await out('a')).toBe('new')
  expect(lines.filter((line) => line.includes('"level":"error"')).length).toBe(1)
})

test('what no program would load is taken back, and tried again once the resource is corrected', async () => {
  const { template, resource, out, view, folder } = await startConfd()
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
  const { template, resource, out, view, lines, folder } = await startConfd()
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
