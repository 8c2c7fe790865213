import { spawnSync } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'

import { expect, onTestFinished, test } from 'vitest'

import { createClaims } from '../../src/confd/claims.ts'
import { recall } from '../../src/confd/memory.ts'
import { Reloads } from '../../src/confd/reloads.ts'
import type { Notify } from '../../src/confd/ring.ts'
import { parseResource, publishOne, tempFolder, testSignal } from './scene.ts'

async function scene(
  fields = '',
  state: (root: string) => string | undefined = () => undefined,
  notify?: Notify,
) {
  const folder = await tempFolder()
  const signal = testSignal()
  const tools = { reloads: new Reloads(), claims: createClaims(), notify }
  const dest = folder.at('out/web.conf')
  await folder.write('out/.keep', '')
  const source = (more: string) => `[template]\nsrc = "a"\ndest = "${dest}"\n${more}\n`
  let { resource } = parseResource('a.toml', source(fields.replaceAll('ROOT', folder.root)))
  let memory = await recall(resource, state(folder.root))
  return {
    folder,
    memory: () => memory,
    /** As a process that starts anew. */
    restart: async () => {
      memory = await recall(resource, state(folder.root))
    },
    dest,
    write: (text: string) => publishOne(resource, text, memory, tools, signal),
    content: () => folder.readIfThere('out/web.conf'),
    lines: async (name: string) =>
      ((await folder.readIfThere(name)) ?? '').split('\n').slice(0, -1),
    leftOvers: async () =>
      (await readdir(folder.at('out'))).filter((name) => !['.keep', 'web.conf'].includes(name)),
    change: (more: string) => {
      ;({ resource } = parseResource('a.toml', source(more)))
    },
  }
}

test('a file is written once, as a new file, and then left alone', async () => {
  const { write, content, dest, leftOvers } = await scene()
  expect(await write('one')).toBe('written')
  const first = await stat(dest)
  expect([await content(), first.mode & 0o7777]).toEqual(['one', 0o644])
  expect(await write('one')).toBe('unchanged')
  expect((await stat(dest)).ino).toBe(first.ino)
  expect(await write('two')).toBe('written')
  expect((await stat(dest)).ino).not.toBe(first.ino)
  expect([await content(), await leftOvers()]).toEqual(['two', []])
})

test('mode, user and group are set, and put right when they differ', async () => {
  const { write, dest, change } = await scene('mode = "0640"\nuid = 33\ngid = 34')
  await write('x')
  expect(await stat(dest)).toMatchObject({ mode: 0o100640, uid: 33, gid: 34 })
  change('mode = "0600"')
  expect(await write('x')).toBe('written')
  expect(await stat(dest)).toMatchObject({ mode: 0o100600, uid: 33, gid: 34 })
  expect(await write('x')).toBe('unchanged')
})

test('without a mode the one of the file stays', async () => {
  const { write, dest, folder } = await scene()
  await folder.write('out/web.conf', 'old', 0o600)
  await write('new')
  expect((await stat(dest)).mode & 0o7777).toBe(0o600)
})

test('the check sees the staged file, and a failing one keeps the last good file', async () => {
  const { write, content, lines, leftOvers, memory } = await scene(
    `check_cmd = "echo {{.src}} >> ROOT/seen; grep -H good {{ src }} || { echo no good; exit 1; }"
reload_cmd = "echo {{.dest}} >> ROOT/reloads"`,
  )
  expect(await write('good')).toBe('written')
  await expect(write('bad')).rejects.toThrow(/^check_cmd .* failed with exit code 1: no good$/)
  expect([await content(), await leftOvers(), memory().output]).toEqual(['good', [], 'no good\n'])
  expect((await lines('reloads')).length).toBe(1)
  const [first = ''] = await lines('seen')
  expect(first).toMatch(/\/out\/\.web\.conf\.[0-9a-f]{12}$/)
})

test('reload runs after the file is in place, gets its path, and runs only after changes', async () => {
  const { write, lines, dest } = await scene(
    'reload_cmd = "echo $(cat {{ .dest }}) {{src}} >> ROOT/reloads"',
  )
  await write('one')
  await write('one')
  await write('two')
  expect(await lines('reloads')).toEqual([`one ${dest}`, `two ${dest}`])
})

test('a failed reload is repeated although the file is equal already', async () => {
  const { write, lines, folder, memory } = await scene(
    'reload_cmd = "echo x >> ROOT/reloads; test -e ROOT/up"',
  )
  await expect(write('one')).rejects.toThrow('reload_cmd')
  await folder.write('up', '')
  expect(await write('one')).toBe('written')
  expect(await write('one')).toBe('unchanged')
  expect([(await lines('reloads')).length, memory().pending]).toEqual([2, undefined])
})

test('after three failed reloads the last loaded file comes back and the new one is refused', async () => {
  const { write, content, lines } = await scene(
    'reload_cmd = "cat {{dest}} >> ROOT/reloads; echo >> ROOT/reloads; ! grep -q bad {{dest}}"',
  )
  await write('good')
  for (const bad of ['bad 1', 'bad 2', 'bad 2']) {
    await expect(write(bad)).rejects.toThrow(/failed with exit code 1$/)
    expect(await content()).toBe(bad)
  }
  const refused = /tried 3 times; the previous file was put back and reloaded$/
  await expect(write('bad 2')).rejects.toThrow(refused)
  expect(await content()).toBe('good')
  const reloads = ['good', 'bad 1', 'bad 2', 'bad 2', 'bad 2', 'good']
  expect(await lines('reloads')).toEqual(reloads)
  await expect(write('bad 2')).rejects.toThrow(refused)
  expect(await lines('reloads')).toEqual(reloads)
  expect(await write('better')).toBe('written')
  expect(await content()).toBe('better')
})

test('a first file that cannot be loaded is removed again', async () => {
  const { write, content } = await scene('reload_cmd = "! test -e {{dest}}"')
  for (let tries = 0; tries < 2; tries++) await expect(write('bad')).rejects.toThrow()
  await expect(write('bad')).rejects.toThrow('the new file was removed and reloaded')
  expect(await content()).toBeUndefined()
})

test('a reload that fails with the previous file too says so', async () => {
  const { write, content, folder } = await scene('reload_cmd = "exit 4"')
  await folder.write('out/web.conf', 'good')
  for (let tries = 0; tries < 2; tries++) await expect(write('bad')).rejects.toThrow()
  await expect(write('bad')).rejects.toThrow(/put back, but then: .*exit code 4; look after/)
  expect(await content()).toBe('good')
})

test('a file that is mounted by itself is written in place', async () => {
  const { write, content, dest, folder, leftOvers } = await scene('mode = "0600"')
  await folder.write('mounted', 'a long old content')
  await folder.write('out/web.conf', '')
  const mounted = spawnSync('mount', ['--bind', folder.at('mounted'), dest], { encoding: 'utf8' })
  expect(mounted.stderr).toBe('')
  onTestFinished(() => void spawnSync('umount', [dest]))
  expect(await write('new')).toBe('written')
  expect([await content(), await folder.read('mounted'), await leftOvers()]).toEqual([
    'new',
    'new',
    [],
  ])
  expect((await stat(dest)).mode & 0o7777).toBe(0o600)
  expect(await write('new')).toBe('unchanged')
})

for (const [what, prepare, message] of [
  [
    'a folder that is missing',
    'missing/web.conf',
    /cannot be written .*create its folder, or mount it$/,
  ],
  [
    'a folder where the file should be',
    'folder',
    /cannot be read .*name a file, or remove that folder/,
  ],
] as const) {
  test(`${what} is an error with a remedy`, async () => {
    const folder = await tempFolder()
    await folder.write('folder/x', '')
    const source = `[template]\nsrc = "a"\ndest = "${folder.at(prepare)}"`
    const { resource } = parseResource('a.toml', source)
    const publishing = publishOne(
      resource,
      'x',
      await recall(resource, undefined),
      { reloads: new Reloads(), claims: createClaims(), notify: undefined },
      testSignal(),
    )
    await expect(publishing).rejects.toThrow(message)
  })
}

for (const [where, state, note] of [
  ['the folder of --state', (root: string) => `${root}/state`, /^[0-9a-f]{32}\.json$/],
  ['a hidden file beside it', () => undefined, /^\.web\.conf\.reload-due$/],
] as const) {
  test(`a reload that failed is due after a restart, and so is the way back: ${where}`, async () => {
    const made = await scene('reload_cmd = "echo x >> ROOT/tries; grep -q good {{dest}}"', state)
    const { write, restart, content, lines, folder, leftOvers } = made
    const notes = async () => {
      const at = state(folder.root)
      return at === undefined ? leftOvers() : readdir(`${at}/confd`)
    }
    await write('good')
    expect(await notes()).toEqual([])
    for (let tries = 0; tries < 2; tries++) {
      await expect(write('bad')).rejects.toThrow('exit code 1')
      await restart()
      expect(await notes()).toEqual([expect.stringMatching(note)])
    }
    await expect(write('bad')).rejects.toThrow('the previous file was put back and reloaded')
    expect([await content(), (await lines('tries')).length]).toEqual(['good', 5])
    expect(await notes()).toEqual([])
  })
}

test('a reload that was not run before the end is run by the next process', async () => {
  const { write, restart, lines, memory, folder, dest } = await scene(
    'reload_cmd = "echo x >> ROOT/reloads"',
  )
  await folder.write('out/web.conf', 'new')
  // as it stands when a process dies between rename and reload
  await memory().notes.write({ previous: new Map([[dest, undefined]]), failures: 0 })
  await restart()
  expect(await write('new')).toBe('written')
  expect(await write('new')).toBe('unchanged')
  expect(await lines('reloads')).toEqual(['x'])
})

test('a note that can not be written is said, and the file is published all the same', async () => {
  const { write, memory, folder, content } = await scene(
    'reload_cmd = "exit 1"',
    (root) => `${root}/file/state`,
  )
  await folder.write('file', '')
  await expect(write('one')).rejects.toThrow('exit code 1')
  expect([await content(), memory().forgetful]).toEqual(['one', expect.stringContaining('ENOTDIR')])
})

test('the file before is kept where a backup is wanted', async () => {
  const { write, folder } = await scene('backup = true')
  await write('one')
  expect(await folder.readIfThere('out/web.conf.bak')).toBeUndefined()
  await write('two')
  await write('three')
  expect(await folder.read('out/web.conf.bak')).toBe('two')
})

test('a command that is a list runs without a shell', async () => {
  const { write, memory, dest } = await scene('reload_cmd = ["echo", "$HOME;", "{{dest}}"]')
  await write('one')
  expect(memory().output).toBe(`$HOME; ${dest}\n`)
})

test('a command has the time that its resource gives it', async () => {
  const { write } = await scene('check_cmd = "sleep 60"\ncheck_cmd_timeout = "100ms"')
  await expect(write('one')).rejects.toThrow('is not done after 100ms')
})

test('a container that must not be signalled is said with the setting, and the file goes back', async () => {
  const { write, content } = await scene('container = "nginx"')
  for (let tries = 0; tries < 2; tries++) {
    await expect(write('x')).rejects.toThrow(
      /^HUP of container nginx is not allowed; start Portolan with --allow-writes$/,
    )
  }
  await expect(write('x')).rejects.toThrow('tried 3 times')
  expect(await content()).toBeUndefined()
})

test('a container is signalled after its file is in place, and what was done is shown', async () => {
  const done: string[] = []
  const { write, memory, folder } = await scene(
    'container = "label:a=b"\nsignal = "USR1"',
    () => undefined,
    async ({ container, action }) => {
      done.push(`${action} ${container} ${await folder.read('out/web.conf')}`)
      return 'USR1 web\n'
    },
  )
  expect(await write('x')).toBe('written')
  expect([done, memory().output]).toEqual([['USR1 label:a=b x'], 'USR1 web\n'])
})

test('owner and group may be names', async () => {
  const { write, dest, change } = await scene('owner = "daemon"\ngroup = "root"')
  await write('x')
  const { uid, gid } = await stat(dest)
  expect([uid > 0, gid]).toEqual([true, 0])
  change('owner = "nobody-of-this-name"')
  await expect(write('y')).rejects.toThrow('there is no user "nobody-of-this-name"')
})
