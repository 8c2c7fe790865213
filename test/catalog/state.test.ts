import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { keepState, loadState } from '../../src/catalog/state.ts'

test('what was kept is loaded again, for the same prefix only', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'portolan-state-'))
  const stop = new AbortController()
  const entries = new Map([['/portolan/nodes/h1', { value: '{}', lease: '5' }]])
  const mirror = {
    entries,
    async *follow() {
      yield new Set(entries.keys())
      stop.abort()
    },
  }
  const onError = (error: unknown) => expect(error).toBeUndefined()
  await keepState(
    { folder: folder.path, prefix: '/portolan', mirror, onError, everyMs: 1 },
    stop.signal,
  )
  expect(await loadState(folder.path, '/portolan')).toEqual(
    new Map([['/portolan/nodes/h1', { value: '{}', lease: '' }]]),
  )
  expect(await loadState(folder.path, '/other')).toBeUndefined()
  expect(await readFile(join(folder.path, 'entries.json'), 'utf8')).toContain('"v":1')
})

test('no file is no state, a broken one is named with the remedy', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'portolan-state-'))
  expect(await loadState(folder.path, '/portolan')).toBeUndefined()
  await writeFile(join(folder.path, 'entries.json'), '{"v":2}')
  await expect(loadState(folder.path, '/portolan')).rejects.toThrow(/entries.json.*delete it/)
})
