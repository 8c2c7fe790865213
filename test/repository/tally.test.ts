import { join } from 'node:path'

import { expect, test } from 'vitest'

import { talliedFrom } from '../bed/tally.ts'
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
  expect(await talliedFrom(report)).toBe('1 passed, 2 failed')
})

test('a run that leaves no report has failed', async () => {
  expect(await talliedFrom('/nowhere/report.json')).toBe('0 passed, 1 failed')
})
