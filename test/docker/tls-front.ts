import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import type { Tls } from '../../src/docker/client.ts'
import { findSocket } from '../../src/docker/socket.ts'

const run = promisify(execFile)

export type TlsFront = AsyncDisposable & {
  readonly port: number
  readonly tls: Tls
  /** `METHOD path` of whatever was asked. */
  readonly asked: readonly string[]
}

/** The real engine behind TLS that wants a certificate of ours; anything but a GET is refused. */
export async function tlsFront(): Promise<TlsFront> {
  await using cleanup = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'portolan-'))
  cleanup.defer(async () => rm(folder, { recursive: true }))
  const tls = await certificates(folder, 'ours')
  const asked: string[] = []
  const server = createServer({ ...tls, requestCert: true }, (incoming, response) => {
    const { method = '', url = '', headers } = incoming
    asked.push(`${method} ${url}`)
    if (method !== 'GET') return void response.writeHead(403).end()
    const socketPath = findSocket(process.env).replace('unix://', '')
    const outgoing = request({ socketPath, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers).flushHeaders()
      answer.pipe(response)
    })
    response.on('close', () => outgoing.destroy())
    outgoing.on('error', () => response.destroy())
    outgoing.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  cleanup.defer(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const kept = cleanup.move()
  return { port: address.port, tls, asked, [Symbol.asyncDispose]: async () => kept.disposeAsync() }
}

/** An authority, and one certificate of it for both ends. */
export async function certificates(folder: string, name: string): Promise<Tls> {
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
