import type { Exchange } from './exchange.ts'
import type { Tunnel } from './tunnel.ts'

/** What a client says over an upgraded connection, which is never sent again. */
export function say(
  exchange: Exchange,
  tunnel: Tunnel,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  const { client, connection, engine, guard, sending } = exchange
  sending.pass(bytes, start, end)
  if (guard !== undefined || connection === undefined || client.isPaused) return
  tunnel.talks(end - start, connection.socket, engine.room, (count) => {
    exchange.movedMs = engine.nowMs
    if (exchange.trail !== undefined) exchange.trail.received += count
  })
}
