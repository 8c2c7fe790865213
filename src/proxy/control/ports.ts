import { once } from 'node:events'
import { createServer } from 'node:net'

import { type Bound, type Listener, listenError } from '../listener.ts'

/**
 * Rejects `listen` for a port that is taken. Sockets that share a port may share it with those of another program of
 * the same user, so that alone would not be refused.
 */
export async function checkPorts(listeners: readonly Listener[]): Promise<void> {
  await Promise.all(listeners.filter(({ port }) => port !== 0).map(checkPort))
}

async function checkPort(listener: Listener): Promise<void> {
  const { host, port } = listener
  const server = createServer((socket) => socket.destroy())
  try {
    server.listen({ port, ...(host === undefined || host === '' ? {} : { host }) })
    await once(server, 'listening')
  } catch (error) {
    throw listenError(listener, error)
  }
  const closed = once(server, 'close')
  server.close()
  await closed
}

/** `listeners` with the ports that the system chose for the first worker. */
export function chosenPorts(
  listeners: readonly Listener[],
  bound: readonly Bound[],
): readonly Listener[] {
  return listeners.map((listener, at) => ({ ...listener, port: bound[at]?.port ?? listener.port }))
}
