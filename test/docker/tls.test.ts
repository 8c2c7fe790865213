import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { createServer, type Server } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Tls } from '../../src/docker/client.ts'
import { findSocket } from '../../src/docker/socket.ts'
import { watching } from './watching.ts'

const run = promisify(execFile)
const cleanup = new AsyncDisposableStack()
let tls: Tls
let stranger: Tls
let port = 0

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'portolan-'))
  cleanup.defer(async () => rm(folder, { recursive: true }))
  tls = await certificates(folder, 'ours')
  stranger = await certificates(folder, 'other')
  const server = createServer({ ...tls, requestCert: true }, (incoming, response) => {
    // to the real engine, as a TLS-terminating proxy would
    const { url = '', headers } = incoming
    const socketPath = findSocket(process.env).replace('unix://', '')
    const outgoing = request({ socketPath, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers).flushHeaders()
      answer.pipe(response)
    })
    response.on('close', () => outgoing.destroy())
    outgoing.on('error', () => response.destroy())
    outgoing.end()
  })
  port = await listening(server)
  cleanup.defer(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
})
afterAll(async () => cleanup.disposeAsync())

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** An authority, and one certificate of it for both ends. */
async function certificates(folder: string, name: string): Promise<Tls> {
  const openssl = async (...args: readonly string[]) => run('openssl', args, { cwd: folder })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const own = ['-keyout', `${name}-ca.key`, '-out', `${name}-ca.pem`, '-subj', `/CN=${name}`]
  await openssl('req', '-x509', ...key, ...own, '-days', '2')
  await openssl('req', ...key, '-keyout', `${name}.key`, '-out', 'csr', '-subj', '/CN=engine')
  await writeFile(join(folder, 'names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1')
  const sign = ['-CA', `${name}-ca.pem`, '-CAkey', `${name}-ca.key`, '-CAcreateserial']
  const signed = ['-extfile', 'names', '-out', `${name}.pem`, '-days', '2']
  await openssl('x509', '-req', '-in', 'csr', ...sign, ...signed)
  const read = async (file: string) => readFile(join(folder, file), 'utf8')
  return {
    ca: await read(`${name}-ca.pem`),
    cert: await read(`${name}.pem`),
    key: await read(`${name}.key`),
  }
}

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
