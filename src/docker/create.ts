import { PortolanError } from '../core/errors.ts'
import { live } from '../core/live.ts'
import type { Log } from '../core/log.ts'
import type { Tls } from './client.ts'
import type { Containers, Docker, DockerStatus } from './docker.ts'
import type { EngineClient } from './engine.ts'
import { follow } from './follow.ts'
import { placeOf } from './remedy.ts'
import { readOwnContainerIds } from './self.ts'
import { parseEngineAddress } from './socket.ts'
import { statusKeeper } from './status.ts'

export type DockerOptions = {
  /** In DOCKER_HOST's form; `findSocket` finds one. */
  readonly host: string
  readonly tls?: Tls
  readonly log: Log
  /** Everything is read again this often, in case an event was lost. */
  readonly safetyPassMs?: number
  readonly pingMs?: number
  /** Time limit of each call. */
  readonly callMs?: number
  /** Ids of the containers that we may be in, the likeliest first; read from /proc unless given. */
  readonly ownIds?: readonly string[]
}

/** The Docker engine at `host`. Throws `bad-value` for an address of no known form; does nothing until `run`. */
export function createDocker(options: DockerOptions): Docker {
  const { host, tls, log, safetyPassMs = 30_000, pingMs = 5000, callMs = 3000 } = options
  const address = parseEngineAddress(host, tls !== undefined)
  const containers = live<Containers>({ kind: 'unknown' })
  const status = live<DockerStatus>({ kind: 'connecting' })
  const keeper = statusKeeper(status, address, log)
  let client: EngineClient | undefined
  return {
    name: placeOf(address),
    containers,
    status,
    host: address.kind === 'tcp' ? address.host : undefined,
    async exists(id, signal) {
      if (client) return client.exists(id, signal)
      throw new PortolanError('docker-down', 'the engine is away; wait until it is back')
    },
    async run(signal) {
      const ownIds = options.ownIds ?? (await readOwnContainerIds())
      const opened = (one: EngineClient | undefined) => (client = one)
      const shared = { address, tls, callMs, safetyPassMs, pingMs, log, ownIds, opened }
      await follow({ ...shared, containers, status: keeper }, signal)
    },
  }
}
