import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

import { expect, test } from 'vitest'

import { tempFolder } from '../confd/scene.ts'
import { runCli } from './run-cli.ts'

const library = fileURLToPath(new URL('../../templates/', import.meta.url))
const names = (await readdir(library)).toSorted()

test('without a name it lists all, and writes nothing', async () => {
  const { root } = await tempFolder()
  const { code, out } = await runCli(['init'], { cwd: root })
  expect({ code, out }).toEqual({ code: 0, out: names.map((name) => `${name}\n`).join('') })
  expect(await readdir(root)).toEqual([])
})

test.for(names)('%s comes with a resource, its template, and a compose file', async (name) => {
  const folder = await tempFolder()
  const { code, out, err } = await runCli(['init', name], { cwd: folder.root })
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const resource = await folder.read(`portolan/conf.d/${name}.toml`)
  const [, src = ''] = /^src = "(.+)"$/m.exec(resource) ?? []
  expect(await folder.read(`portolan/templates/${src}`)).toBe(
    await readFile(`${library}${name}/${src}`, 'utf8'),
  )
  const rest = (await readdir(library + name)).filter((file) => file !== 'README.md')
  const copied = await readdir(folder.at('portolan'), { recursive: true, withFileTypes: true })
  expect(copied.flatMap((one) => (one.isFile() ? [one.name] : [])).toSorted()).toEqual(
    rest.toSorted(),
  )
  // a Portolan that watches the folder never sees a resource without its template
  expect(out).toMatch(new RegExp(`^(wrote portolan/.*\n)+wrote portolan/conf.d/${name}.toml\n\n`))
  expect(out).toContain('./portolan:/etc/confd:ro')
  const [, compose = ''] = /```yaml\n([^]*?)```/.exec(out) ?? []
  await folder.write('compose.yml', compose)
  expect(await runCli(['check'], { cwd: folder.root })).toMatchObject({ code: 0, err: '' })
})

test('what is there is never overwritten, and nothing else is written then', async () => {
  const folder = await tempFolder()
  await folder.write('portolan/templates/nginx.conf.njk', 'mine')
  const { code, out, err } = await runCli(['init', 'nginx'], { cwd: folder.root })
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toBe(
    'portolan: portolan/templates/nginx.conf.njk is there already; move it away, or keep it\n',
  )
  expect(await folder.read('portolan/templates/nginx.conf.njk')).toBe('mine')
  expect(await readdir(folder.at('portolan'))).toEqual(['templates'])
})

test('a folder that can not be written to is a line that says so', async () => {
  const folder = await tempFolder()
  await folder.write('portolan', 'a file')
  const { code, err } = await runCli(['init', 'nginx'], { cwd: folder.root })
  expect(code).toBe(2)
  expect(err).toMatch(
    /^portolan: ENOTDIR: .*; let us write to portolan\/templates\/nginx\.conf\.njk\n$/,
  )
})

test('an unknown name is refused with the nearest one', async () => {
  const { code, err } = await runCli(['init', 'nginxx'])
  expect(code).toBe(2)
  expect(err).toBe(
    'portolan: there is no template "nginxx" (did you mean nginx?); portolan init lists them\n',
  )
})
