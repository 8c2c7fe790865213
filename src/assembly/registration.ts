import { randomUUID } from 'node:crypto'

import type { Config } from '../config/config.ts'
import { PortolanError } from '../core/errors.ts'
import type { NodeRecord } from '../core/keys.ts'
import { until } from '../core/live.ts'
import type { Log } from '../core/log.ts'
import type { Containers } from '../docker/docker.ts'
import { createRegistrator, type Registrator } from '../registrator/registrator.ts'
import { sweepWishes } from '../registrator/sweep.ts'
import { createSession, type Session } from '../store/session.ts'
import type { Base } from './base.ts'
import type { OwnNode } from './own.ts'

/** The writing half of the program: this node's lease, and its entries under it. */
export type Registration = {
  /** Registers until `signal` aborts; begins when Docker has been read for the first time. */
  run(signal: AbortSignal): Promise<void>
  /** Takes this node out of the store for good. */
  leave(signal: AbortSignal): Promise<void>
}

export function createRegistration(
  config: Config,
  base: Base,
  version: string,
  log: Log,
): Registration {
  const session = createSession({
    store: base.store,
    ttlSeconds: Math.ceil(config.leaseMs / 1000),
    onError: (error) => log.debug({ err: error }, 'the lease was not kept alive'),
  })
  let registrator: Registrator | undefined

  async function register(signal: AbortSignal): Promise<void> {
    const own = await until(base.own, isKnown, signal)
    const record = recordOf(own, config, version)
    registrator = createRegistrator({
      store: base.store,
      session,
      mirror: base.mirror,
      plain:
        config.plainPrefix === undefined ? undefined : base.open(`${config.plainPrefix}/`, signal),
      prefix: config.prefix,
      record,
      own: base.own,
      log,
      report: base.board.report,
    })
    await Promise.all([registrator.run(signal), sweep(record, signal)])
  }

  async function sweep(record: NodeRecord, signal: AbortSignal): Promise<void> {
    const { store, mirror, docker } = base
    await sweepWishes(
      {
        store,
        mirror,
        prefix: config.prefix,
        record,
        runs: (container) => isRunning(docker.containers.current, container),
        exists: (container, limit) => docker.exists(container, limit),
        onError: (error) => log.debug({ err: error }, 'wishes of the past were not looked for'),
      },
      signal,
    )
  }

  return {
    async run(signal) {
      const registering = register(signal).catch((error: unknown) => {
        if (!signal.aborted) throw error
      })
      await Promise.all([session.run(signal), registering, sayLease(session, log, signal)])
    },
    async leave(signal) {
      if (registrator) return registrator.leave(signal)
      throw new PortolanError('docker-down', 'nothing is registered yet; nothing to leave')
    },
  }
}

function isRunning(containers: Containers, start: string): boolean {
  return containers.kind === 'known' && containers.byId.keys().some((id) => id.startsWith(start))
}

function isKnown(own: OwnNode | undefined): own is OwnNode {
  return own !== undefined
}

function recordOf(
  { node, engine, advertise }: OwnNode,
  config: Config,
  version: string,
): NodeRecord {
  return {
    v: 1,
    node,
    engine,
    session: randomUUID(),
    address: advertise,
    roles: [...config.roles],
    version,
    startedAt: new Date().toISOString(),
  }
}

/** A lost lease is worth a line: other nodes may have doubted us. One that was given back is none. */
async function sayLease({ lease }: Session, log: Log, signal: AbortSignal): Promise<void> {
  let before: string | undefined
  for await (const now of lease.changes(signal)) {
    if (!now) continue
    if (before !== undefined && now.id !== before) {
      log.warn(
        { lease: before },
        'the lease was lost; everything is registered again under a new one',
      )
    }
    before = now.id
    log.debug({ lease: now.id, ttlSeconds: now.ttlSeconds }, 'holding a lease')
  }
}
