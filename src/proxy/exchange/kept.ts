import type { UpstreamConnection } from '../http1/upstream-connection.ts'
import type { Upstream } from '../worker/upstream.ts'

/** How many idle connections to one endpoint are kept. */
const most = 1024
/** How long: less than the 5 s after which most servers close. */
export const keptMs = 4000
/** The same for what must not be sent twice: a server that closes does so later than this. */
const safeMs = 1000

/**
 * An idle connection to `upstream`, the one that was used last, so that the rest may age. `isRepeatable`: it does not
 * matter if the endpoint closes it at this very moment. `owner`: the client that it has to belong to, if to any.
 */
export function takeKept(
  { idle }: Upstream,
  isRepeatable: boolean,
  nowMs: number,
  owner: object | undefined,
): UpstreamConnection | undefined {
  const last = idle.at(-1)
  const mostMs = isRepeatable ? keptMs : safeMs
  if (last === undefined || nowMs - last.usedMs > mostMs) return undefined
  return last.owner === owner ? idle.pop() : takeOwned(idle, owner, nowMs - mostMs)
}

function takeOwned(
  idle: UpstreamConnection[],
  owner: object | undefined,
  sinceMs: number,
): UpstreamConnection | undefined {
  const at = idle.findLastIndex((one) => one.owner === owner)
  const isYoung = (idle[at]?.usedMs ?? -Infinity) >= sinceMs
  return isYoung ? idle.splice(at, 1)[0] : undefined
}

/** Keeps `connection`, whose exchange is over, for the next one; or closes it. */
export function keep(upstream: Upstream, connection: UpstreamConnection, nowMs: number): void {
  const { idle } = upstream
  if (!connection.isKept || upstream.retired || idle.length >= most) return connection.destroy()
  connection.release(nowMs)
  idle.push(connection)
}

/** It has been closed by the other side. */
export function dropKept({ idle }: Upstream, connection: UpstreamConnection): void {
  const at = idle.lastIndexOf(connection)
  if (at >= 0) idle.splice(at, 1)
}

/** Closes those that were not used for too long. */
export function closeOld({ idle }: Upstream, nowMs: number): void {
  const young = idle.findIndex(({ usedMs }) => nowMs - usedMs <= keptMs)
  for (const old of idle.splice(0, young < 0 ? idle.length : young)) old.destroy()
}
