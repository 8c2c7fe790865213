import { join } from 'node:path'

import { expect, test } from 'vitest'

import { failedFiles, talliedFrom } from '../bed/tally.ts'
import { start } from './child.ts'
import { folder } from './folder.ts'

test('the tally counts tests, and a file that can not be loaded as one that failed', async () => {
  await using root = await folder()
  await root.write('one.test.js', `test('a', () => {}); test('b', () => expect(1).toBe(2))`)
  await root.write('two.test.js', `import './not-there.js'; test('c', () => {})`)
  const report = join(root.path, 'report.json')
  const where = ['--root', root.path, '--globals']
  const how = ['--reporter=json', `--outputFile.json=${report}`]
  await using vitest = start(['node_modules/vitest/vitest.mjs', 'run', ...where, ...how])
  expect(await vitest.exitCode).toBe(1)
  expect(await talliedFrom([report])).toBe('1 passed, 2 failed')
})

test('a second run of the files that failed stands for their first', async () => {
  await using root = await folder()
  await root.write('steady.test.js', `test('a', () => {}); test('b', () => {})`)
  const flaky = `import { existsSync, writeFileSync } from 'node:fs'
    test('c', () => {
      const mark = import.meta.dirname + '/mark'
      const first = !existsSync(mark)
      writeFileSync(mark, '')
      expect(first).toBe(false)
    })`
  await root.write('flaky.test.js', flaky)
  const [first, second] = ['first.json', 'second.json'].map((name) => join(root.path, name))
  const run = async (report = '', files: readonly string[] = []) => {
    const where = ['--root', root.path, '--globals']
    const how = ['--reporter=json', `--outputFile.json=${report}`, ...files]
    await using vitest = start(['node_modules/vitest/vitest.mjs', 'run', ...where, ...how])
    return await vitest.exitCode
  }
  expect(await run(first)).toBe(1)
  const failed = await failedFiles(first ?? '')
  expect(failed).toEqual([join(root.path, 'flaky.test.js')])
  expect(await run(second, failed)).toBe(0)
  expect(await talliedFrom([first ?? ''], second)).toBe('3 passed, 0 failed')
})

test('a run that leaves no report has failed', async () => {
  expect(await talliedFrom(['/nowhere/report.json'])).toBe('0 passed, 1 failed')
})
