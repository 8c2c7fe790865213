import { sleep } from '../core/retry.ts'
import type { Engine } from './exchange/engine.ts'
import type { Bound, EntrypointServer } from './listener.ts'

/** Others must have heard that we are leaving before we stop to listen. */
export const acceptMs = 500
/** For what is said at the very end to go out. */
const lastWordMs = 100

/** Opens all, or none: rejects with the first failure after the others have been closed. */
export async function openAll(servers: readonly EntrypointServer[]): Promise<readonly Bound[]> {
  const results = await Promise.allSettled(servers.map((server) => server.open()))
  const failed = results.find((result) => result.status === 'rejected')
  if (!failed) return results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  await Promise.all(servers.map((server) => server.close()))
  throw failed.reason
}

/** Accepts for a moment more, lets what runs finish within `drainMs`, tells who is held, and closes everything. */
export async function closeAll(
  servers: readonly EntrypointServer[],
  engine: Engine,
  drainMs: number,
): Promise<void> {
  const forced = new AbortController()
  engine.isEnding = true
  for (const server of servers) server.announceEnd()
  await sleep(Math.min(acceptMs, drainMs), forced.signal)
  for (const { tunnels } of engine.upstreams.all()) {
    for (const tunnel of tunnels) tunnel.leave(drainMs, () => true)
  }
  const ended = Promise.all(servers.map((server) => server.close()))
  await Promise.race([ended, sleep(drainMs, forced.signal)])
  if (engine.hold.size > 0) {
    // who still waits for somebody is told to come again
    engine.hold.close()
    await Promise.race([ended, sleep(lastWordMs, forced.signal)])
  }
  forced.abort()
  for (const server of servers) server.cut()
  await ended
  engine.stop()
}
