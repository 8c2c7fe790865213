import { connect, type OnReadOpts, type Socket } from 'node:net'

import { connectTimeoutMs } from '../exchange/again.ts'
import type { Target } from '../route.ts'

/** Of both sides: half-closes pass, nothing waits to be sent, dead peers are found. */
export const tunnelOptions = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
}

/** A connection to `target`; undefined when it is refused or takes too long, or `client` goes away before. */
export function dial(
  target: Target,
  client: Socket,
  onread: OnReadOpts,
): Promise<Socket | undefined> {
  const { promise, resolve } = Promise.withResolvers<Socket | undefined>()
  const { ip: host, port } = target
  const server = connect({ ...tunnelOptions, host, port, onread })
  const giveUp = () => server.destroy()
  const timer = setTimeout(giveUp, connectTimeoutMs(target))
  const settle = (result: Socket | undefined) => {
    clearTimeout(timer)
    client.off('close', giveUp)
    resolve(result)
  }
  const fail = () => settle(undefined)
  client.once('close', giveUp)
  server.on('error', giveUp)
  server.once('close', fail)
  server.once('connect', () => {
    server.off('close', fail)
    settle(server)
  })
  return promise
}
