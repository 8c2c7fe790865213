import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempDisposable, readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

import { bed, catalogOf, instance } from './bed.ts'

/** A certificate that nobody trusts, as endpoints have. */
async function selfSigned() {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'portolan-tls-'))
  const { path: cwd } = folder
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const out = ['-keyout', 'key.pem', '-out', 'cert.pem', '-subj', '/CN=endpoint']
  await promisify(execFile)('openssl', ['req', '-x509', ...key, ...out], { cwd })
  const read = (name: string) => readFile(join(cwd, name), 'utf8')
  return { key: await read('key.pem'), cert: await read('cert.pem') }
}

test('an endpoint that speaks TLS gets requests with and without a body, and WebSockets', async () => {
  const server = createServer(await selfSigned(), (incoming, response) => {
    incoming.pipe(response)
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => socket.on('message', (message) => socket.send(message)))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port, protocol: 'https' })]))
  expect((await proxy.get()).status).toBe(200)
  expect((await proxy.get('/', { method: 'POST', body: 'body' })).body).toBe('body')
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/`, { headers: { host: 'shop.test' } })
  await once(socket, 'open')
  socket.send('hello')
  const [answer] = await once(socket, 'message')
  expect(String(answer)).toBe('hello')
  socket.terminate()
  server.close()
  server.closeAllConnections()
})
