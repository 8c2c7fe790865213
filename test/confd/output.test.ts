import { expect, test } from 'vitest'

import { startConfd } from './running.ts'

test('a template without an end leaves the file as it was and is a problem, others go on', async () => {
  const { template, resource, folder, out, board } = await startConfd()
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

test('what is not in its format is not written', async () => {
  const { template, resource, out, view } = await startConfd()
  await template('a', '{"a": 1,}')
  await resource('a', 'output_format = "json"')
  await expect
    .poll(() => view('a')?.lastError)
    .toMatch(/^what it makes is not json .*correct the template/)
  expect(await out('a')).toBeUndefined()
  await template('a', '{"a": 1}')
  await expect.poll(() => out('a')).toBe('{"a": 1}')
})

test('a dry run writes nothing and logs the difference', async () => {
  const { template, resource, out, view, lines } = await startConfd({ noop: true })
  await template('a', 'new\n')
  await resource('a', 'reload_cmd = "touch ROOT/reloaded"')
  await expect.poll(() => view('a')?.state).toBe('would-write')
  expect(await out('a')).toBeUndefined()
  expect(lines.join('')).toContain('+new')
})
