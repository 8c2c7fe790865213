import { connect, type OnReadOpts, type Socket } from 'node:net'

import { connectTimeoutMs } from '../exchange/again.ts'
import type { Target } from '../table/route.ts'

/** Of both sides: half-closes pass, nothing waits to be sent, dead peers are found. */
export const tunnelOptions = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
}

/**
 * Connects to `target`, and calls `dialled` with the connection; without one when it is refused or takes too long, or
 * `client` goes away before.
 */
export function dial(
  target: Target,
  client: Socket,
  onread: OnReadOpts,
  dialled: (server: Socket | undefined) => void,
): void {
  const { ip: host, port } = target
  const server = connect({ ...tunnelOptions, host, port, onread })
  const giveUp = () => void server.destroy()
  const timer = setTimeout(giveUp, connectTimeoutMs(target))
  const settle = (result: Socket | undefined) => {
    clearTimeout(timer)
    client.off('close', giveUp)
    server.off('close', fail)
    dialled(result)
  }
  const fail = () => settle(undefined)
  client.on('close', giveUp)
  server.on('error', giveUp)
  server.on('close', fail)
  server.on('connect', () => settle(server))
}
