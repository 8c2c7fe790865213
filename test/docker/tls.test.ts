import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Tls } from '../../src/docker/client.ts'
import { certificates, tlsFront } from './tls-front.ts'
import { watching } from './watching.ts'

const cleanup = new AsyncDisposableStack()
let tls: Tls
let stranger: Tls
let port = 0

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'portolan-'))
  cleanup.defer(async () => rm(folder, { recursive: true }))
  stranger = await certificates(folder, 'other')
  const front = cleanup.use(await tlsFront())
  tls = front.tls
  port = front.port
})
afterAll(async () => cleanup.disposeAsync())

test('an engine behind TLS is followed when the certificates fit', async () => {
  await using watch = watching({ host: `tcp://127.0.0.1:${port}`, tls })
  await watch.up()
  expect((await watch.known()).engine.id).not.toBe('')
})

test('an authority that is not its own is told, with what to check', async () => {
  await using watch = watching({
    host: `tcp://127.0.0.1:${port}`,
    tls: { ...tls, ca: stranger.ca },
  })
  expect((await watch.down()).remedy).toMatch(/certificates/)
})

test('our certificate from an authority that it does not know is told too', async () => {
  const foreign = { ...stranger, ca: tls.ca }
  await using watch = watching({ host: `tcp://127.0.0.1:${port}`, tls: foreign })
  expect((await watch.down()).remedy).toMatch(/certificates/)
})

test('plain HTTP to it does not hang', async () => {
  await using watch = watching({ host: `tcp://127.0.0.1:${port}`, callMs: 1000 })
  expect((await watch.down()).reason).toContain(`127.0.0.1:${port}`)
})
