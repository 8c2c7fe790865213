import { rm, stat } from 'node:fs/promises'

import { expect, test } from 'vitest'

import { startConfd } from './running.ts'
import { put } from './scene.ts'

test('resources and templates may come, change and go while it runs', async () => {
  const { template, resource, folder, out, confd, running, store } = await startConfd()
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
  const { template, resource, folder, out } = await startConfd()
  await template('a', 'ours')
  await resource('a', '')
  await expect.poll(() => out('a')).toBe('ours')
  await folder.write('out/a', 'theirs')
  await expect.poll(() => out('a')).toBe('ours')
  await rm(folder.at('out/a'))
  await expect.poll(() => out('a')).toBe('ours')
})

test('a bad resource, a bad template and a second owner of a file harm only themselves', async () => {
  const { template, resource, folder, out, board } = await startConfd()
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
  const { folder, board, resource, template, out } = await startConfd()
  await rm(folder.at('conf.d'), { recursive: true })
  await expect.poll(() => board.problems.current[0]?.what).toMatch(/conf\.d cannot be read$/)
  await template('a', 'x')
  await resource('a', '')
  await expect.poll(() => out('a')).toBe('x')
  await expect.poll(() => board.problems.current).toEqual([])
})

test('its end is the end of all that it started', async () => {
  const { template, resource, out, end, done, running, store } = await startConfd()
  await put(store, { '/a': '1' })
  await template('a', '{{ getv("/a") }}')
  await resource('a', 'keys = ["/a"]')
  await expect.poll(() => out('a')).toBe('1')
  end.abort()
  await done
  expect(running).toEqual([])
})
