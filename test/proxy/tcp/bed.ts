import { connect, createServer, type Socket } from 'node:net'

import type { Instance } from '../../../src/core/instance.ts'
import type { ProxyOptions } from '../../../src/proxy/options.ts'
import { listeningOn } from '../../listening.ts'
import { bed, catalogOf, instance, type Sketch } from '../bed.ts'

const everything = 'HostSNI(`*`)'

/** A ready instance of service `shop/db`, which takes all of the entrypoint `db`. */
export function database(sketch: Sketch = {}): Instance {
  const { rule = everything, routes, ...given } = sketch
  return instance({
    service: 'db',
    name: 'shop-db-1',
    protocol: 'tcp',
    ...given,
    routes: (routes ?? [{ rule }]).map((route) => ({
      name: 'db',
      kind: 'tcp' as const,
      entrypoints: ['db'],
      ...route,
    })),
  })
}

/** A proxy with one TCP entrypoint, `db`. */
export async function tcpBed(options: Partial<ProxyOptions> = {}) {
  const base = await bed({
    listeners: [{ entrypoint: 'db', kind: 'tcp', host: '127.0.0.1', port: 0 }],
    ...options,
  })
  return {
    ...base,
    set: (...instances: readonly Instance[]) => base.catalog.set(catalogOf(instances)),
    connect: () => connected(base.port),
  }
}

/** A client that may end its half first. */
export async function connected(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ host, port, allowHalfOpen: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  socket.removeAllListeners('error')
  socket.on('error', () => {})
  return socket
}

/** A TCP server on a port of its own, which does with each connection what `serve` says. */
export async function tcpBackend(
  serve: (socket: Socket) => void,
  { ip = '127.0.0.1' }: { ip?: string } = {},
) {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    serve(socket)
  })
  const port = await listeningOn(server, ip)
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return {
    port,
    ip,
    sockets,
    connections: () => connections,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Says its name and ends; what clients say is thrown away. */
export function speaker(name: string, at: { ip?: string } = {}) {
  return tcpBackend((socket) => {
    socket.resume()
    socket.end(name)
  }, at)
}

/** Says what clients say. */
export function parrot(at: { ip?: string } = {}) {
  return tcpBackend((socket) => socket.pipe(socket), at)
}

/** A port on which nobody listens. */
export async function deadPort(ip = '127.0.0.1'): Promise<number> {
  const server = createServer()
  const port = await listeningOn(server, ip)
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Resolves as soon as `is` is true; looks again every few milliseconds. */
export async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await is())) {
    if (performance.now() > deadline) throw new Error('it did not come true')
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
  }
}

/** The value of a metric with these labels, 0 when there is none. */
export async function counted(
  { registry }: Pick<Awaited<ReturnType<typeof bed>>, 'registry'>,
  line: string,
): Promise<number> {
  const text = await registry.metrics()
  const found = text.split('\n').find((one) => one.startsWith(`${line} `))
  return Number(found?.split(' ').at(-1) ?? 0)
}
