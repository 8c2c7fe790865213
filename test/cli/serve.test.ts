import { once } from 'node:events'
import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { expect, onTestFinished, test } from 'vitest'

import { startAdmin } from '../admin/start.ts'
import { freePort } from '../free-port.ts'
import { runCli, startCli } from './run-cli.ts'

/** The product, until its admin server answers. */
async function started(args: readonly string[] = []) {
  const admin = `127.0.0.1:${await freePort()}`
  const child = startCli([...args, '--http', '127.0.0.1:0', '--admin', admin])
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  for (let i = 0; i < 200 && child.exitCode === null; i++) {
    const answer = await fetch(`http://${admin}/healthz`).catch(() => undefined)
    if (answer?.status === 200) return { child, admin, log: () => log }
    await pause(25)
  }
  child.kill('SIGKILL')
  throw new Error(`did not start:\n${log}`)
}

test('without a command it runs, answers health, and ends with 0 at SIGTERM', async () => {
  const { child, admin, log } = await started()
  expect(await runCli(['health', '--admin', admin])).toMatchObject({ code: 0, out: 'ok\n' })
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(log()).toContain('stopping')
})

test('a second signal ends it at once with 1', async () => {
  const { child } = await started(['run', '--roles', 'proxy,admin'])
  child.kill('SIGINT')
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([1, null])
})

test('commands with the token of --admin-token-file may write; another token, and an empty file, may not', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'portolan-cli-'))
  const file = async (name: string, text: string) => {
    await writeFile(join(folder.path, name), text)
    return ['--admin-token-file', join(folder.path, name)]
  }
  const right = await file('right', 'tok3n\n')
  const { child, admin } = await started(['run', '--roles', 'proxy,admin', ...right])
  const leave = async (token: readonly string[]) =>
    (await runCli(['leave', '--admin', admin, ...token])).err
  expect(await leave(right)).toContain('this process registers nothing')
  expect(await leave(await file('wrong', 'token'))).toContain('token is not the right one')
  expect(await leave(await file('empty', '\n'))).toMatch(
    /--admin-token-file: .* is no token; write/,
  )
  child.kill('SIGTERM')
  await once(child, 'exit')
})

test('a port that is taken: exit code 1, and one line with setting, address and remedy', async () => {
  await using other = await startAdmin()
  const taken = `127.0.0.1:${other.port}`
  const ran = await runCli(['--http', 'off', '--admin', taken])
  expect(ran.code).toBe(1)
  expect(ran.err).toMatch(
    new RegExp(`^portolan: --admin can't listen on ${taken}: the port is taken`, 'm'),
  )
})

test('render --once writes the files of the folder, --noop only shows what would change', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'portolan-cli-'))
  const dest = join(folder.path, 'out.conf')
  await mkdir(join(folder.path, 'conf.d'))
  await mkdir(join(folder.path, 'templates'))
  await writeFile(
    join(folder.path, 'conf.d/a.toml'),
    `[template]\nsrc = "a.tmpl"\ndest = "${dest}"\nkeys = ["/x"]\n`,
  )
  await writeFile(join(folder.path, 'templates/a.tmpl'), 'x={{ getv("/x", "none") }}\n')
  const render = ['render', '--confd', folder.path, '--log-level', 'error']
  const shown = await runCli([...render, '--noop'])
  expect(shown).toMatchObject({ code: 0, out: expect.stringContaining('+x=none') })
  await expect(readFile(dest)).rejects.toThrow('ENOENT')
  expect(await runCli([...render, '--once'])).toMatchObject({
    code: 0,
    out: `written     ${dest}\n`,
  })
  expect(await readFile(dest, 'utf8')).toBe('x=none\n')

  await writeFile(join(folder.path, 'templates/a.tmpl'), '{{ getv("/x") }}\n')
  const failed = await runCli([...render, '--once'])
  expect(failed).toMatchObject({ code: 1, out: expect.stringContaining(`failed      ${dest}: `) })
})

test('convert prints a Go template as nunjucks, and fails when something is left to do', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'portolan-cli-'))
  const file = join(folder.path, 'a.tmpl')
  await writeFile(file, '{{range gets "/web/*"}}{{.Value}}{{end}}\n')
  expect(await runCli(['convert', file])).toMatchObject({
    code: 0,
    out: '{% for item in gets("/web/*") %}{{ item.Value }}{% endfor %}\n',
  })
  await writeFile(file, '{{httpGet "a"}}')
  expect(await runCli(['convert', file])).toMatchObject({
    code: 1,
    out: '{# to be done by hand: line 1: the function httpGet is not there #}\n{{ httpGet("a") }}',
  })
  const missing = await runCli(['convert', join(folder.path, 'none')])
  expect(missing).toMatchObject({
    code: 2,
    err: expect.stringContaining('name a template of confd'),
  })
})

test('render --watch shows what a template gives, while it is edited', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'portolan-cli-'))
  await mkdir(join(folder.path, 'conf.d'))
  await mkdir(join(folder.path, 'templates'))
  const template = join(folder.path, 'templates/a.njk')
  const dest = join(folder.path, 'out')
  await writeFile(
    join(folder.path, 'conf.d/a.toml'),
    `[template]\nsrc = "a.njk"\ndest = "${dest}"\nkeys = ["/x"]\n`,
  )
  await writeFile(template, 'one {{ getv("/x/y", "none") }}\n')
  const args = ['render', '--watch', 'a.njk', '--confd', folder.path, '--log-level', 'silent']
  const child = startCli(args)
  onTestFinished(() => void child.kill('SIGKILL'))
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  await expect.poll(() => out).toBe('one none\n')
  await writeFile(template, '{{ nope }}')
  await expect.poll(() => out).toContain('template a.njk, line 1: a value is undefined')
  await writeFile(template, 'two\n')
  await expect.poll(() => out).toMatch(/two\n$/)
  await expect(readFile(dest)).rejects.toThrow('ENOENT')
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
})
