import { hostname, networkInterfaces } from 'node:os'

import type { Config } from '../config/config.ts'
import { both, derive } from '../core/live.ts'
import type { ProblemBoard } from '../core/problems.ts'
import type { Vantage } from '../core/vantage.ts'
import type { Containers, Docker } from '../docker/docker.ts'
import { vantageOf } from '../docker/vantage.ts'
import { advertisedAddress } from '../registrator/advertise.ts'
import { damper } from '../registrator/damper.ts'
import type { DialectSettings } from '../registrator/dialects/dialect.ts'
import { type Own, ownInstances } from '../registrator/own.ts'
import { type Wishes, wishesIn, wishing } from '../registrator/wishes.ts'
import type { Mirror } from '../store/mirror.ts'
import { remoteEngine } from './remote.ts'

/** What this node registers, and as whom. */
export type OwnNode = Own & {
  readonly node: string
  readonly engine: string
  /** Where other nodes reach us; empty when not known. */
  readonly advertise: string
}

/** What this node sees of its engine: its instances, wishes laid over them, and from where it sees them. */
export function ownSight(config: Config, docker: Docker, mirror: Mirror, board: ProblemBoard) {
  const { containers, host } = docker
  const damped = damper({ containers, report: board.report })
  const wished = wishesIn(mirror, config.prefix)
  const engineAt = (now: Containers) => remoteEngine(host, now, hostname())
  return {
    own: derive(both(damped.containers, wished.wishes), ownOf(config, engineAt)),
    vantage: derive(containers, (now) => vantageAt(now, config.node, engineAt(now)), sameText),
    wishes: wished.wishes,
    async run(signal: AbortSignal): Promise<void> {
      await Promise.all([damped.run(signal), wished.run(signal)])
    },
  }
}

/** What labels are read with; `Required`, because what is left out opens what a flag was to close. */
export function labelSettings({ domain, expose, traefik }: Config): Required<DialectSettings> {
  return { domain, exposeAll: expose === 'all', traefik }
}

type EngineAt = (containers: Containers) => string | undefined

function ownOf(config: Config, engineAt: EngineAt) {
  let instances: ReturnType<typeof ownInstances> | undefined
  const fulfilled = wishing()
  return ([containers, wishes]: readonly [Containers, Wishes]): OwnNode | undefined => {
    if (containers.kind === 'unknown') return undefined
    const { engine } = containers
    const node = config.node ?? engine.name
    const from = vantageOf(containers, node, engineAt(containers))
    const advertise = advertisedAddress(config.advertise, from, networkInterfaces())
    const { prefix, plainPrefix, plainAddress } = config
    const reading = labelSettings(config)
    instances ??= ownInstances({ ...reading, node, plainPrefix, plainAddress, advertise })
    const own = fulfilled(instances(containers), prefix, wishes)
    return { ...own, node, engine: engine.id, advertise }
  }
}

function vantageAt(
  containers: Containers,
  node: string | undefined,
  engineHost: string | undefined,
): Vantage | undefined {
  if (containers.kind === 'unknown') return undefined
  return vantageOf(containers, node ?? containers.engine.name, engineHost)
}

function sameText(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) === JSON.stringify(after)
}
