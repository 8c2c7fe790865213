import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'
import { z } from 'zod'

const execute = promisify(execFile)

const services = z.object({
  services: z.record(
    z.string(),
    z.object({
      ports: z.array(z.object({ host_ip: z.string().optional(), target: z.number() })).default([]),
      volumes: z.array(z.object({ source: z.string().optional() })).default([]),
      networks: z.record(z.string(), z.unknown()).default({}),
      environment: z.record(z.string(), z.string().nullable()).default({}),
      stop_grace_period: z.string().optional(),
    }),
  ),
})

/** What Compose makes of the file: it refuses what it doesn't know. */
async function composed(file: string) {
  const args = ['compose', '-f', file, 'config', '--format', 'json']
  const { stdout, stderr } = await execute('docker', args)
  expect(stderr).toBe('')
  return services.parse(JSON.parse(stdout)).services
}

for (const file of [
  'docker-compose.yml',
  'examples/socket-proxy/docker-compose.yml',
  'examples/host-mode/docker-compose.yml',
]) {
  test(`${file}: the admin server is on loopback, and Portolan has time to drain`, async () => {
    const { portolan } = await composed(file)
    const admin = (portolan?.ports ?? []).filter(({ target }) => target === 8070)
    const inHostsNetwork = portolan?.environment['PORTOLAN_ADMIN'] === '127.0.0.1:8070'
    expect(inHostsNetwork || admin.every(({ host_ip: ip }) => ip === '127.0.0.1')).toBe(true)
    expect(portolan?.stop_grace_period).toBe('35s')
  })
}

test('etcd is not published', async () => {
  const { etcd } = await composed('docker-compose.yml')
  expect(etcd?.ports).toEqual([])
})

test('behind the socket proxy Portolan does not have the socket', async () => {
  const { portolan } = await composed('examples/socket-proxy/docker-compose.yml')
  expect(portolan?.volumes.map(({ source }) => source)).toEqual(['socket'])
})

test('of a project that shares a network only the routed service is in it', async () => {
  const { web, database } = await composed('examples/shared-network/docker-compose.yml')
  expect(Object.keys(web?.networks ?? {})).toContain('portolan')
  expect(Object.keys(database?.networks ?? {})).toEqual(['default'])
})
