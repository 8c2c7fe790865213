import { createServer, request, type IncomingMessage, type RequestListener } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'

import { Registry } from 'prom-client'

import { type Catalog, emptyCatalog } from '../../src/core/catalog.ts'
import { type Instance, instanceSchema, serviceId } from '../../src/core/instance.ts'
import { live } from '../../src/core/live.ts'
import { createLog } from '../../src/core/log.ts'
import type { Problem } from '../../src/core/problems.ts'
import { storedRoute, storedRouteSchema } from '../../src/core/route.ts'
import type { Vantage } from '../../src/core/vantage.ts'
import type { ProxyOptions } from '../../src/proxy/options.ts'
import { createProxy } from '../../src/proxy/proxy.ts'

/** Everything of an instance that a test does not care about. */
export type Sketch = Partial<Omit<Instance, 'routes'>> & {
  readonly rule?: string
  readonly ip?: string
  readonly routes?: readonly (Partial<Instance['routes'][number]> & { rule: string })[]
}

export const vantage: Vantage = {
  node: 'h1',
  place: { kind: 'host' },
  containersUnreachable: false,
}

/** A ready instance of service `web` of project `shop`, with the rule ``Host(`shop.test`)``. */
export function instance(sketch: Sketch = {}): Instance {
  const { rule = 'Host(`shop.test`)', ip = '127.0.0.1', routes, ...given } = sketch
  return instanceSchema.parse({
    v: 1,
    service: 'web',
    project: 'shop',
    node: 'h1',
    container: 'a'.repeat(64),
    startedAt: '2026-01-01T00:00:00Z',
    createdAt: '2026-01-01T00:00:00Z',
    name: 'shop-web-1',
    image: 'shop/web',
    ordinal: 1,
    protocol: 'http',
    port: 80,
    addresses: [{ network: 'shop', ip }],
    published: null,
    state: 'ready',
    weight: 1,
    tags: [],
    attributes: {},
    policy: {},
    ...given,
    routes: (routes ?? [{ rule }]).map((route) => ({ name: 'web', ...route })),
  })
}

let revision = 0

export function catalogOf(instances: readonly Instance[], more: Partial<Catalog> = {}): Catalog {
  const services = Map.groupBy(instances, serviceId)
  return { ...emptyCatalog, revision: ++revision, complete: true, services, ...more }
}

/** Hand-written routes, from what stands under their names in the store. */
export function written(values: Readonly<Record<string, object>>): Catalog['routes'] {
  return new Map(
    Object.entries(values).map(([name, value]) => [
      name,
      storedRoute(name, storedRouteSchema.parse({ v: 1, ...value })),
    ]),
  )
}

/** A proxy on a port of its own, with a catalog that the test sets. */
export async function bed(options: Partial<ProxyOptions> = {}) {
  const catalog = live<Catalog | undefined>(undefined)
  const registry = new Registry()
  const stop = new AbortController()
  let problems: readonly Problem[] = []
  const proxy = createProxy({
    catalog,
    vantage: live<Vantage | undefined>(vantage),
    self: () => undefined,
    listeners: [{ entrypoint: 'http', host: '127.0.0.1', port: 0 }],
    workers: 1,
    ownPorts: [],
    certificates: live([]),
    drainMs: 50,
    holdMs: 3000,
    trust: [],
    log: createLog({ level: 'silent', format: 'json' }),
    report: (list) => {
      problems = list
    },
    registry,
    ...options,
  })
  const bounds = await proxy.open()
  const running = proxy.run(stop.signal)
  const port = bounds[0]?.port ?? 0
  const ports = new Map(bounds.map((one) => [one.entrypoint, one.port]))
  return {
    proxy,
    catalog,
    registry,
    port,
    /** By entrypoint. */
    ports,
    problems: () => problems,
    /** Resolves when all is closed. */
    async stop() {
      stop.abort()
      await running
    },
    get: (path = '/', more: Ask = {}) => ask(port, { path, ...more }),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

export type Ask = {
  readonly path?: string
  readonly host?: string
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly signal?: AbortSignal
}

/** One request on a connection of its own. */
export async function ask(port: number, { path = '/', host = 'shop.test', ...rest }: Ask = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const { method = 'GET', headers = {}, body, signal } = rest
  const asked = request({
    port,
    host: '127.0.0.1',
    path,
    method,
    agent: false,
    headers: { host, ...headers },
    ...(signal ? { signal } : {}),
  })
  asked.on('response', resolve)
  asked.on('error', reject)
  asked.end(body)
  const answer = await promise
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) }
}

/** A real HTTP server that says what it got, or does what `listener` says. */
export async function backend(
  listener: RequestListener = (_, response) => response.end('ok'),
  { ip = '127.0.0.1', port = 0 } = {},
) {
  const server = createServer(listener)
  const sockets = new Set<Socket>()
  let connections = 0
  server.on('connection', (socket) => {
    connections++
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(port, ip, resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return {
    server,
    sockets,
    port: address.port,
    ip,
    connections: () => connections,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** A backend that answers with its name. */
export function named(name: string, at: { ip?: string; port?: number } = {}) {
  return backend((_, response) => response.end(name), at)
}

/** A backend that answers with the request as it saw it. */
export function echo(at: { ip?: string; port?: number } = {}) {
  return backend((incoming, response) => {
    const { method, url, headers, rawHeaders } = incoming
    void text(incoming).then((body) =>
      response.end(JSON.stringify({ method, url, headers, rawHeaders, body })),
    )
  }, at)
}

/** What comes back for these bytes, until the connection ends or, after something came, is quiet for a while. */
export async function raw(port: number, bytes: string, quietMs = 500): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port })
  let received = ''
  socket.setTimeout(30_000, () => socket.destroy())
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
    socket.setTimeout(quietMs)
  })
  socket.on('error', () => {})
  socket.write(bytes, 'latin1')
  await new Promise((resolve) => socket.once('close', resolve))
  return received
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
