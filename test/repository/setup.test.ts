import { execFile } from 'node:child_process'
import { readFile, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

import { folder } from './folder.ts'
import type { Folder } from './folder.ts'

const execute = promisify(execFile)
const setup = resolve('tools/setup.mjs')

/** A project with one package, from a tarball beside it, so that no registry is asked. */
async function project(kind: 'dependencies' | 'devDependencies'): Promise<Folder> {
  const root = await folder()
  await root.write('package.json', JSON.stringify({ name: 'tiny', version: '1.2.3' }))
  await execute('npm', ['pack', '--loglevel=error'], { cwd: root.path })
  const [name, version, spec] = ['project', '1.0.0', 'file:tiny-1.2.3.tgz']
  const own = { name, version, [kind]: { tiny: spec } }
  const tiny = { version: '1.2.3', resolved: spec, dev: kind === 'devDependencies' }
  const lock = { lockfileVersion: 3, packages: { '': own, 'node_modules/tiny': tiny } }
  await root.write('package.json', JSON.stringify(own))
  await root.write('package-lock.json', JSON.stringify({ name, version, ...lock }))
  return root
}

/** Under the machine's npm, as by `npm start`; gives what it said. */
async function run(root: Folder, ...args: readonly string[]): Promise<string> {
  const { stderr } = await execute(process.execPath, [setup, ...args], { cwd: root.path })
  return stderr
}

test('missing packages are installed, and once they are there nothing is done', async () => {
  await using root = await project('dependencies')
  expect(await run(root)).toMatch(/^setup: installing packages with npm ci.*\n$/)
  const manifest = join(root.path, 'node_modules/tiny/package.json')
  expect(await readFile(manifest, 'utf8')).toContain('1.2.3')
  const { ino } = await stat(manifest)
  expect(await run(root)).toBe('')
  expect((await stat(manifest)).ino).toBe(ino)
})

test('packages that are not those of the lockfile are installed again', async () => {
  await using root = await project('dependencies')
  await run(root)
  const hidden = join(root.path, 'node_modules/.package-lock.json')
  const lock = await readFile(hidden, 'utf8')
  await root.write('node_modules/.package-lock.json', lock.replace('"1.2.3"', '"1.2.2"'))
  expect(await run(root)).toContain('installing')
})

test('a new enough Node does without development packages, tests do not', async () => {
  await using root = await project('devDependencies')
  expect(await run(root)).toBe('')
  expect(await run(root, '--tests')).toContain('installing')
})

test('a failed installation is said in one line, with its remedy', async () => {
  await using root = await project('dependencies')
  await rm(join(root.path, 'tiny-1.2.3.tgz'))
  const failed = await run(root).then(
    () => '',
    (error: unknown) => String(error),
  )
  expect(failed).toContain('setup: npm ci failed: it ended with')
  expect(failed).toContain('run `npm ci` to see why')
})
