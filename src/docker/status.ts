import { isDeepStrictEqual } from 'node:util'

import type { MutableLive } from '../core/live.ts'
import type { Log } from '../core/log.ts'
import type { DockerStatus, Engine } from './docker.ts'
import { adviceOn } from './remedy.ts'
import type { EngineAddress } from './socket.ts'

export type StatusKeeper = {
  up(engine: Engine): void
  /** Keeps the time of the first failure of an outage. */
  down(error: unknown): void
}

/** Publishes whether the engine is there, and logs it: each remedy once in an outage, and the end of it. */
export function statusKeeper(
  status: MutableLive<DockerStatus>,
  address: EngineAddress,
  log: Log,
): StatusKeeper {
  const said = new Set<string>()
  return {
    up({ name, version, apiVersion }) {
      if (status.current.kind === 'up') return
      status.set({ kind: 'up' })
      said.clear()
      log.info({ host: name, version, apiVersion }, 'following the Docker engine')
    },
    down(error) {
      const advice = adviceOn(error, address)
      const { current } = status
      const sinceMs = current.kind === 'down' ? current.sinceMs : Date.now()
      const next = { kind: 'down', ...advice, sinceMs } as const
      if (!isDeepStrictEqual(next, current)) status.set(next)
      if (said.has(advice.remedy)) return
      said.add(advice.remedy)
      log.warn(advice, 'the Docker engine can not be followed')
    },
  }
}
