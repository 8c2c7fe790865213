import { expect, test } from 'vitest'

import { runCli } from './run-cli.ts'

test('help goes to standard output with exit code 0, for all and for one command', async () => {
  const whole = await runCli(['--help'])
  expect(whole).toMatchObject({ code: 0, err: '' })
  expect(whole.out).toContain('Usage: portolan [command] [flags]')
  expect(whole.out).toMatch(
    /--lease TIME +how long a dead node's entries live; at least 2s \[15s\]/,
  )
  const one = await runCli(['services', '-h'])
  expect(one.out).toContain('Usage: portolan services [flags]')
  expect(one.out).toContain('--json')
  expect(one.out).not.toContain('--lease')
  expect((await runCli(['help', 'services'])).out).toBe(one.out)
})

test('version is that of the package', async () => {
  const { code, out } = await runCli(['--version'])
  expect(code).toBe(0)
  expect(out).toMatch(/^portolan \d+\.\d+\.\d+\n$/)
})

test.for<[string, readonly string[], string]>([
  ['an unknown command', ['srvices'], 'there is no command "srvices" (did you mean services?)'],
  ['an unknown flag', ['--htpp', ':80'], '--htpp is not known here (did you mean --http?)'],
  [
    'a flag that is nothing like any',
    ['--zzzzzzzz'],
    '--zzzzzzzz is not known here; portolan --help',
  ],
  ['an unknown letter', ['-x'], '-x is not known here'],
  ['a flag of another command', ['services', '--http', ':80'], '--http is not known here'],
  ['a flag without value', ['run', '--http'], '--http needs a value: write --http=VALUE'],
  ['a flag in place of a value', ['run', '--http', '--hold', '1s'], '--http needs a value'],
  ['a word too many', ['services', 'web'], 'portolan services takes no "web": leave it out'],
  [
    'a word too few',
    ['weight', 'web'],
    'portolan weight needs a word: write weight INSTANCE N|label',
  ],
  ['one more than two', ['weight', 'web', '3', '4'], 'portolan weight takes no "4"'],
  ['a wrong value', ['run', '--lease', '1s'], '--lease: "1s" is too short; write 2s or more'],
  ['an admin server that is off', ['health', '--admin', 'off'], '--admin is off'],
  ['render without a folder', ['render', '--once'], 'portolan render needs --confd FOLDER'],
])('%s: exit code 2, and one line that says what to do', async ([, args, message]) => {
  const { code, out, err } = await runCli(args)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain(`portolan: ${message}`)
  expect(err.trimEnd().split('\n')).toHaveLength(1)
})

test('a wrong variable is named, but not by commands that have no use for it', async () => {
  const env = { PORTOLAN_LEASE: 'soon', PORTOLAN_ADMIN: '127.0.0.1:1' }
  const run = await runCli([], { env })
  expect(run).toMatchObject({ code: 2, err: expect.stringMatching(/^portolan: PORTOLAN_LEASE /) })
  const services = await runCli(['services'], { env })
  expect(services).toMatchObject({ code: 1, err: expect.stringContaining('at 127.0.0.1:1:') })
})
