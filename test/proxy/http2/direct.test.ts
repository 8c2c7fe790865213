import { once } from 'node:events'
import { constants, createServer } from 'node:http2'

import { expect, test } from 'vitest'

import { identityOf } from '../../../src/core/instance.ts'
import { policySchema } from '../../../src/core/policy.ts'
import type { ProxyOptions } from '../../../src/proxy/options.ts'
import { listeningOn } from '../../listening.ts'
import { catalogOf, instance, pause } from '../bed.ts'
import { wireEndpoint } from '../hostile/wire.ts'
import { host, routes, secured } from './client.ts'
import { asking, frameClient, frameEndpoint, headers, reset, type } from './frames.ts'

const limitMs = 60_000
const refusedStream = constants.NGHTTP2_REFUSED_STREAM
const cookie = { cookie: 'bound' }

/** A proxy before an endpoint of HTTP/2, which answers yes if it `reads`, and takes nothing if not. */
async function scene(policy: object, reads = true, options: Partial<ProxyOptions> = {}) {
  await using stack = new AsyncDisposableStack()
  const yes = (stream: number) => headers(stream, [':status', '200', 'set-cookie', 'a=b'], true)
  const endpoint = stack.use(await frameEndpoint(reads ? yes : () => Buffer.alloc(0), reads))
  const proxy = stack.use(await secured(options))
  const read = policySchema.parse(policy)
  const middlewares = Object.keys(read.middlewares)
  proxy.catalog.set(
    catalogOf([
      instance({
        port: endpoint.port,
        protocol: 'h2c',
        policy: read,
        routes: routes.map((route) => ({ ...route, middlewares })),
      }),
    ]),
  )
  const all = stack.move()
  return { proxy, endpoint, [Symbol.asyncDispose]: () => all[Symbol.asyncDispose]() }
}

test(
  'a client is bound to its endpoint once, whichever protocol both speak',
  async () => {
    await using at = await scene({ sticky: cookie })
    const session = at.proxy.session()
    const cookiesOf = async (more: Record<string, string> = {}) => {
      const stream = session.request({ ':path': '/', ':authority': host, ...more })
      const [head] = await once(stream.resume(), 'response')
      return head['set-cookie']
    }
    const given = await cookiesOf()
    expect(given).toEqual(['a=b', expect.stringMatching(/^bound=[\w-]+; Path=/)])
    expect(await cookiesOf({ cookie: String(given[1]).split(';')[0] ?? '' })).toEqual(['a=b'])
    expect((await at.proxy.get()).headers['set-cookie']).toEqual(given)
  },
  limitMs,
)

test(
  'who refuses streams, or whose clients leave, is not taken for one that fails or is well',
  async () => {
    let refusals = 8
    await using endpoint = await frameEndpoint((stream) =>
      refusals-- > 0 ? reset(stream, refusedStream) : headers(stream, [':status', '200'], true),
    )
    await using proxy = await secured({ holdMs: 60_000 })
    const at = (port: number) => instance({ port, protocol: 'h2c', routes })
    const healthOf = (port: number) => proxy.proxy.upstream(identityOf(at(port)))?.health
    proxy.catalog.set(catalogOf([at(endpoint.port)]))
    const session = proxy.session()
    const statusOf = async () => {
      const [head] = await once(session.request({ ':authority': host }).resume(), 'response')
      return head[':status']
    }
    expect([await statusOf(), await statusOf()]).toEqual([502, 200])
    expect(healthOf(endpoint.port)).toBe('ok')
    proxy.catalog.set(catalogOf([at(1)]))
    using client = await frameClient(proxy.ports.get('https') ?? 0)
    const waiting = session.request({ ':authority': host })
    waiting.on('error', () => {})
    await expect.poll(() => healthOf(1)).toBe('refusing')
    waiting.close(constants.NGHTTP2_CANCEL)
    const ended = (count: number) =>
      expect
        .poll(() => proxy.registry.metrics(), { timeout: limitMs })
        .toMatch(new RegExp(`code="499"\\} ${count}\\n`))
    await ended(1)
    // its rest is over, and the client gone before it is found to refuse again
    await pause(300)
    client.send(headers(1, asking('GET'), true), reset(1, constants.NGHTTP2_CANCEL))
    await ended(2)
    expect(healthOf(1)).toBe('refusing')
  },
  limitMs,
)

test(
  'an endpoint that cuts its answers is one that fails',
  async () => {
    await using endpoint = await frameEndpoint((stream) =>
      Buffer.concat([
        headers(stream, [':status', '200']),
        reset(stream, constants.NGHTTP2_INTERNAL_ERROR),
      ]),
    )
    await using proxy = await secured()
    const cutting = instance({ port: endpoint.port, protocol: 'h2c', routes })
    proxy.catalog.set(catalogOf([cutting]))
    const session = proxy.session()
    for (let one = 0; one < 5; one++) {
      const stream = session.request({ ':authority': host }).resume()
      await expect(once(stream, 'close')).rejects.toThrow(/INTERNAL_ERROR/)
    }
    expect(proxy.proxy.upstream(identityOf(cutting))?.health).toBe('ejected')
  },
  limitMs,
)

test(
  'p2c:latency prefers the endpoint that answers sooner',
  async () => {
    const asked = { soon: 0, late: 0 }
    const answering = (name: keyof typeof asked, ms: number) =>
      createServer((_, response) => {
        asked[name]++
        setTimeout(() => response.end(), ms)
      })
    const servers = [answering('soon', 0), answering('late', 500)]
    const ports = await Promise.all(servers.map((server) => listeningOn(server)))
    await using proxy = await secured()
    const policy = policySchema.parse({ balance: 'p2c:latency' })
    const instances = ports.map((port) => instance({ port, protocol: 'h2c', policy, routes }))
    proxy.catalog.set(catalogOf(instances))
    const session = proxy.session()
    for (let one = 0; one < 20; one++) {
      await once(session.request({ ':authority': host }).resume(), 'end')
    }
    expect(asked.late).toBeLessThan(5)
    for (const server of servers) server.close()
  },
  limitMs,
)

test(
  'time limits that are longer than timers take are long ones',
  async () => {
    const timeout = { connectMs: 2 ** 32, firstByteMs: 2 ** 32, idleMs: 2 ** 32 }
    await using at = await scene({ middlewares: { long: { timeout } } })
    const stream = at.proxy.session().request({ ':path': '/', ':authority': host })
    const [head] = await once(stream.resume(), 'response')
    expect(head[':status']).toBe(200)
  },
  limitMs,
)

test(
  'an endpoint that takes nothing of a request, and says nothing, is late',
  async () => {
    await using at = await scene({}, false, { idleMs: 500 })
    const stream = at.proxy
      .session()
      .request({ ':method': 'POST', ':path': '/', ':authority': host })
    stream.on('error', () => {})
    stream.end(Buffer.alloc(500_000))
    const [head] = await once(stream, 'response')
    expect(head[':status']).toBe(504)
  },
  limitMs,
)

test(
  'who asks an endpoint after it was late does so by another connection',
  async () => {
    await using at = await scene({}, false, { firstByteMs: 500 })
    const session = at.proxy.session()
    for (const connections of [1, 2]) {
      const stream = session.request({ ':path': '/', ':authority': host })
      const [head] = await once(stream.resume(), 'response')
      expect(head[':status']).toBe(504)
      expect(at.endpoint.connections()).toBe(connections)
    }
  },
  limitMs,
)

const odd: readonly (readonly [what: string, answer: string, types: readonly number[]])[] = [
  ['a status that there is not', 'HTTP/1.1 999 No\r\n', [type.headers, type.data]],
  ['a status below all others', 'HTTP/1.1 099 No\r\n', [type.headers, type.data]],
  [
    'a header of one connection',
    'HTTP/1.1 403 No\r\nHTTP2-Settings: a\r\n',
    [type.headers, type.data],
  ],
]
for (const [what, answer, types] of odd) {
  test(
    `${what} in an authority's answer costs nobody else anything`,
    async () => {
      await using judge = await wireEndpoint(
        ({ socket }) => void socket.write(`${answer}Content-Length: 0\r\n\r\n`),
      )
      const forwardAuth = { address: `http://127.0.0.1:${judge.port}/` }
      await using at = await scene({ middlewares: { auth: { forwardAuth } } })
      using bystander = await frameClient(at.proxy.ports.get('https') ?? 0)
      for (const stream of [1, 3]) {
        bystander.send(headers(stream, asking('GET'), true))
        expect(await bystander.ended(stream)).toEqual(types)
      }
    },
    limitMs,
  )
}
