import { execFileSync } from 'node:child_process'

import { expect, onTestFinished, test } from 'vitest'

import { createRenderer, type RendererOptions } from '../../src/confd/renderer.ts'
import { tempFolder } from './scene.ts'

async function scene(files: Readonly<Record<string, string>>, options: RendererOptions = {}) {
  const folder = await tempFolder()
  for (const [name, source] of Object.entries(files)) await folder.write(name, source)
  const renderer = createRenderer(folder.root, options)
  onTestFinished(() => renderer.close())
  return {
    renderer,
    render: (src: string, limitMs = 120_000) =>
      renderer.render({
        src,
        limitMs,
        format: undefined,
        each: undefined,
        names: new Map(),
        pairs: new Map([['/a', '1']]),
        catalog: undefined,
      }),
    processes: () => childrenOf(folder.root),
  }
}

/** Processes that render this folder. */
function childrenOf(root: string): string[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n')
  return lines
    .filter((line) => line.includes('process.ts') && line.trim().endsWith(root))
    .map((line) => line.trim().split(' ', 1)[0] ?? '')
}

const loop =
  '{% for a in range(9000) %}{% for b in range(9000) %}{% for c in range(9000) %}x{% set y = c %}'
const endless = `${loop.replaceAll('x{%', '{%')}{% endfor %}{% endfor %}{% endfor %}`
const bomb = `{{ "${'a'.repeat(60)}!" | replace(r/^(a+)+$/, "") }}`

for (const [what, source] of [
  ['a loop', endless],
  ['a regular expression', bomb],
  ['a macro that calls itself', '{% macro m(x) %}{{ m(x) }}{{ m(x) }}{% endmacro %}{{ m(1) }}'],
] as const) {
  test(`${what} without an end is cut off, and named`, async () => {
    const { render, processes } = await scene({ bad: source, good: 'fine {{ getv("/a") }}' })
    const answer = await render('bad', 500)
    expect(answer).toMatchObject({ kind: 'failed', message: expect.stringContaining('bad') })
    expect(await render('good')).toMatchObject({ kind: 'content', content: 'fine 1' })
    expect(processes().length).toBe(1)
  })
}

test('one that is cut off says how long it had', async () => {
  const { render } = await scene({ bad: endless })
  expect(await render('bad', 300)).toMatchObject({
    message: expect.stringMatching(/^template bad is not done after 300ms; .*render_timeout$/),
  })
})

test('one that takes all memory ends its own process, and the next one gets another', async () => {
  const grow =
    '{% set x = "0123456789" %}{% for i in range(900000) %}{% set y = [x, y] %}{% endfor %}'
  const { render } = await scene({ bad: `${grow}{{ y | dump }}`, good: 'fine' }, { megabytes: 24 })
  expect(await render('bad')).toMatchObject({
    kind: 'failed',
    code: 'template',
    message: 'template bad takes more than 24 MiB of memory; give it less to do',
  })
  expect(await render('good')).toMatchObject({ kind: 'content', content: 'fine' })
})

test('others are not held up by one that takes long', async () => {
  const { render, renderer } = await scene({ slow: endless, fast: 'fine' }, { patienceMs: 50 })
  const slow = render('slow', 100_000)
  expect(await render('fast')).toMatchObject({ content: 'fine' })
  renderer.close()
  expect(await slow).toMatchObject({ kind: 'failed', code: 'command' })
})

test('a process that somebody kills is replaced, and its job is worth another try', async () => {
  const { render, processes } = await scene({ slow: endless, fast: 'fine' })
  await render('fast')
  const [pid = ''] = processes()
  const slow = render('slow')
  process.kill(Number(pid), 'SIGKILL')
  expect(await slow).toMatchObject({
    kind: 'failed',
    code: 'command',
    message: 'template slow was not rendered: its process ended (SIGKILL)',
  })
  expect(await render('fast')).toMatchObject({ content: 'fine' })
})

test('processes without work end, and come again', async () => {
  const { render, processes } = await scene({ a: 'fine' }, { idleMs: 100 })
  await render('a')
  await expect.poll(processes).toEqual([])
  expect(await render('a')).toMatchObject({ content: 'fine' })
})

test('what is asked after the end is answered', async () => {
  const { render, renderer } = await scene({ a: 'fine' })
  renderer.close()
  expect(await render('a')).toMatchObject({ kind: 'failed', code: 'command' })
})
