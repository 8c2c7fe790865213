import { type ClientHttp2Session, createServer as createHttp2Server } from 'node:http2'

import { expect, test } from 'vitest'

import { closed, listeningOn } from '../../listening.ts'
import { catalogOf, instance } from '../bed.ts'
import { buffered, overflows } from '../buffered.ts'
import { ok, wireEndpoint } from '../hostile/wire.ts'
import { host, routes, secured } from './client.ts'

const limitMs = 120_000
const timeout = 60_000
const answer = 'a'.repeat(60_000)

/** An endpoint of HTTP/2; `answers`: all at once, else never. */
async function http2(answers: boolean) {
  const server = createHttp2Server((_, response) => void (answers && response.end(answer)))
  const port = await listeningOn(server)
  return { port, [Symbol.asyncDispose]: () => closed(server, []) }
}

const endpoints = {
  http: (answers: boolean) =>
    wireEndpoint(({ socket }) => void (answers && socket.write(ok(answer)))),
  h2c: http2,
} as const

/** Requests whose streams' ends are counted. */
function asking(session: ClientHttp2Session, requests: number, headers: Record<string, string>) {
  const seen = { answered: 0, ended: 0 }
  for (let one = 0; one < requests; one++) {
    const stream = session.request({ ':path': '/', ':authority': host, ...headers })
    stream.on('response', () => seen.answered++)
    stream.on('error', () => {})
    stream.on('close', () => seen.ended++)
  }
  return seen
}

for (const protocol of ['http', 'h2c'] as const) {
  const scene = async (answers: boolean, options: Parameters<typeof secured>[0]) => {
    await using stack = new AsyncDisposableStack()
    const service = stack.use(await endpoints[protocol](answers))
    const proxy = stack.use(await secured(options))
    proxy.catalog.set(catalogOf([instance({ port: service.port, protocol, routes })]))
    const all = stack.move()
    return { proxy, [Symbol.asyncDispose]: () => all[Symbol.asyncDispose]() }
  }

  test(
    `an answer of an endpoint of ${protocol} that the client does not take is let go in the end`,
    async () => {
      const times = { idleMs: 1000, clientTimes: { idleMs: 1000 } }
      await using at = await scene(true, times)
      const seen = asking(at.proxy.session(0), 10, {})
      await expect.poll(() => seen, { timeout }).toEqual({ answered: 10, ended: 10 })
      await expect.poll(() => buffered(at.proxy), { timeout }).toBe(0)
    },
    limitMs,
  )

  test(
    `answers of an endpoint of ${protocol} that clients do not take share a limit`,
    async () => {
      const bufferBytes = 4 * answer.length
      await using at = await scene(true, { bufferBytes })
      const session = at.proxy.session(0)
      const seen = asking(session, 30, {})
      await expect.poll(() => seen.ended, { timeout }).toBeGreaterThan(10)
      await expect.poll(() => overflows(at.proxy), { timeout }).toBeGreaterThan(10)
      expect(await buffered(at.proxy)).toBeLessThanOrEqual(bufferBytes)
      session.destroy()
      await expect.poll(() => buffered(at.proxy), { timeout }).toBe(0)
    },
    limitMs,
  )

  test(
    `large heads of requests to an endpoint of ${protocol} share a limit`,
    async () => {
      await using at = await scene(false, { bufferBytes: 1024 * 1024 })
      const session = at.proxy.session()
      // the second one and those after it take a few bytes on the way
      const long = Array.from({ length: 10 }, (_, n) => [`x-long-${n}`, 'l'.repeat(3000)])
      const seen = asking(session, 30, Object.fromEntries(long))
      await expect.poll(() => seen.ended, { timeout }).toBeGreaterThan(10)
      await expect.poll(() => overflows(at.proxy), { timeout }).toBeGreaterThan(10)
      session.destroy()
      await expect.poll(() => buffered(at.proxy), { timeout }).toBe(0)
    },
    limitMs,
  )
}
