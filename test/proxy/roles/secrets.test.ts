import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { probeSchema } from '../../../src/core/policy.ts'
import { probeRole } from '../../../src/proxy/checks/roles/probe.ts'
import { closed, listeningOn } from '../../listening.ts'

const probe = probeSchema.parse({ kind: 'redis', passwordFile: 'redis', timeoutMs: 60_000 })

/** A folder with the password of the probe. */
async function secrets() {
  const folder = await mkdtemp(join(tmpdir(), 'portolan-secrets-'))
  const file = join(folder, 'redis')
  await writeFile(file, 'geheim\n')
  return { folder, file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

test('a server that repeats what it was sent makes no password known', async () => {
  await using given = await secrets()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    // as Redis has it since 5.0
    socket.once('data', () =>
      socket.write("-ERR unknown command 'AUTH', with args beginning with: 'geheim' \r\n"),
    )
  })
  const place = { ip: '127.0.0.1', port: await listeningOn(server), proxyProtocol: null }
  const { folder } = given
  const { why } = await probeRole(place, probe, { folder, ours: [] }, new AbortController().signal)
  await closed(server, sockets)
  expect(why).toBe("probe redis: it says ERR unknown command 'AUTH'")
})

test('nobody is told a password by which we log in ourselves', async () => {
  await using given = await secrets()
  const { folder, file } = given
  const link = join(folder, 'etcd')
  await symlink(file, link)
  const place = { ip: '127.0.0.1', port: 1, proxyProtocol: null }
  const ours = [link, join(folder, 'none')]
  const { why } = await probeRole(place, probe, { folder, ours }, new AbortController().signal)
  expect(why).toContain('by which Portolan itself logs in')
})
