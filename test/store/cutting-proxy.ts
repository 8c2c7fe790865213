import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A TCP proxy on the loopback, or on another address of ours, that can cut what goes through it. */
export type CuttingProxy = AsyncDisposable & {
  /** `127.0.0.1:port` */
  readonly endpoint: string
  /** The next connections break after so many bytes from the server; undefined: never. */
  cutAfter: number | undefined
  /** Breaks the connections that there are. */
  cut(): void
}

export async function cuttingProxy(port: number, own = '127.0.0.1'): Promise<CuttingProxy> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    let left = proxy.cutAfter ?? Infinity
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', end)
      socket.on('close', () => {
        sockets.delete(socket)
        end()
      })
    }
    client.pipe(upstream)
    upstream.on('data', (chunk: Buffer) => {
      client.write(chunk.subarray(0, left))
      left -= chunk.length
      if (left <= 0) client.end(end)
    })
  }).listen(0, own)
  await once(server, 'listening')
  const address = server.address()
  const ownPort = address !== null && typeof address === 'object' ? address.port : 0
  const proxy: CuttingProxy = {
    endpoint: `${own}:${ownPort}`,
    cutAfter: undefined,
    cut() {
      for (const socket of sockets) socket.destroy()
    },
    async [Symbol.asyncDispose]() {
      server.close()
      proxy.cut()
      await once(server, 'close')
    },
  }
  return proxy
}
