import { mkdtemp, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { probeSchema } from '../../../src/core/policy.ts'
import { probeRole } from '../../../src/proxy/checks/roles/probe.ts'
import { closed, listeningOn } from '../../listening.ts'

test('a server that repeats what it was sent makes no password known', async () => {
  const secrets = await mkdtemp(join(tmpdir(), 'portolan-secrets-'))
  await writeFile(join(secrets, 'redis'), 'geheim\n')
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    // as Redis has it since 5.0
    socket.once('data', () =>
      socket.write("-ERR unknown command 'AUTH', with args beginning with: 'geheim' \r\n"),
    )
  })
  const port = await listeningOn(server)
  const probe = probeSchema.parse({ kind: 'redis', passwordFile: 'redis', timeoutMs: 60_000 })
  const place = { ip: '127.0.0.1', port, proxyProtocol: null }
  const { why } = await probeRole(place, probe, secrets, new AbortController().signal)
  await closed(server, sockets)
  expect(why).toBe("probe redis: it says ERR unknown command 'AUTH'")
})
