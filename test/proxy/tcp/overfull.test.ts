import { expect, test } from 'vitest'

import { buffered, overflows } from '../buffered.ts'
import { database, tcpBackend, tcpBed } from './bed.ts'
import { flooded } from './sockets.ts'

const bufferBytes = 512 * 1024

test('connections of TCP that do not get on share a limit, and the first are reset', async () => {
  await using service = await tcpBackend((socket) => void socket.pause())
  await using proxy = await tcpBed({ bufferBytes })
  proxy.set(database({ port: service.port }))
  const clients = await Promise.all(Array.from({ length: 16 }, () => proxy.connect()))
  let resets = 0
  for (const client of clients) {
    client.on('error', () => resets++)
    flooded(client)
  }
  await expect.poll(() => resets, { timeout: 60_000 }).toBeGreaterThan(4)
  await expect.poll(() => overflows(proxy), { timeout: 60_000 }).toBeGreaterThanOrEqual(resets)
  expect(await buffered(proxy)).toBeLessThanOrEqual(bufferBytes)
  expect(resets).toBeLessThan(16)
  for (const client of clients) client.resetAndDestroy()
  await expect.poll(() => buffered(proxy), { timeout: 60_000 }).toBe(0)
}, 120_000)
