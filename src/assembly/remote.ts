import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

import type { Containers } from '../docker/docker.ts'

const local = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/

/**
 * Where the engine at `host` is, when that is another machine and we are in none of its containers; undefined
 * otherwise. A name that is not an address may be this machine's, which the engine's own name tells; a port on
 * loopback may lead anywhere, but mostly it is a filter before the engine of this machine.
 */
export function remoteEngine(
  host: string | undefined,
  containers: Containers,
  ownName: string,
): string | undefined {
  if (host === undefined || containers.kind === 'unknown' || containers.self !== undefined)
    return undefined
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  if (local.test(host) || containers.engine.name === ownName) return undefined
  return isIP(bare) !== 0 && ownAddresses().has(bare) ? undefined : bare
}

function ownAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return new Set(all.map(({ address }) => address))
}
