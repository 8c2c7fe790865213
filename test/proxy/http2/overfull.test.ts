import { createServer as createHttp2Server } from 'node:http2'
import type { Socket } from 'node:net'

import { expect, test } from 'vitest'

import { closed, listeningOn } from '../../listening.ts'
import { catalogOf, instance } from '../bed.ts'
import { buffered, overflows } from '../buffered.ts'
import { tcpBackend } from '../tcp/bed.ts'
import { flooded, standsStill } from '../tcp/sockets.ts'
import { host, routes, secured } from './client.ts'

const limitMs = 120_000
const mebibyte = 1024 * 1024
const bufferBytes = 2 * mebibyte

/** An endpoint of HTTP/2 that answers nothing and reads nothing. */
async function deafHttp2() {
  const server = createHttp2Server()
  server.on('stream', (stream) => void stream.on('error', () => {}).pause())
  server.on('sessionError', () => {})
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  const port = await listeningOn(server)
  return { port, [Symbol.asyncDispose]: () => closed(server, [...sockets]) }
}

const endpoints = {
  http: () => tcpBackend((socket) => void socket.pause()),
  h2c: deafHttp2,
} as const

for (const protocol of ['http', 'h2c'] as const) {
  test(
    `uploads by HTTP/2 that an endpoint of ${protocol} does not take share a limit`,
    async () => {
      await using service = await endpoints[protocol]()
      await using proxy = await secured({ bufferBytes })
      proxy.catalog.set(catalogOf([instance({ port: service.port, protocol, routes })]))
      const session = proxy.session()
      let ended = 0
      let said = () => 0
      const begin = () => {
        const stream = session.request({ ':method': 'POST', ':path': '/', ':authority': host })
        stream.on('error', () => {})
        stream.on('close', () => ended++)
        said = flooded(stream)
      }
      begin()
      await standsStill(said)
      // what may come by itself before its sender is held up
      await expect.poll(() => buffered(proxy), { timeout: 30_000 }).toBeGreaterThan(bufferBytes / 8)
      expect(await overflows(proxy)).toBe(0)
      for (let more = 0; more < 9; more++) begin()
      await expect.poll(() => ended, { timeout: 60_000 }).toBeGreaterThan(2)
      await expect.poll(() => overflows(proxy), { timeout: 30_000 }).toBeGreaterThanOrEqual(ended)
      expect(await buffered(proxy)).toBeLessThanOrEqual(bufferBytes)
      expect(ended).toBeLessThan(10)
      session.destroy()
      await expect.poll(() => buffered(proxy), { timeout: 30_000 }).toBe(0)
    },
    limitMs,
  )
}
