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

export type RegistrationOptions = {
  readonly config: Config
  readonly base: Base
  readonly version: string
  readonly log: Log
}

/** The writing half of the program: this node's lease, and its entries under it. */
export class Registration {
  private readonly options: RegistrationOptions
  private readonly session: Session
  private registrator: Registrator | undefined

  constructor(options: RegistrationOptions) {
    const { config, base, log } = options
    this.options = options
    this.session = createSession({
      store: base.store,
      ttlSeconds: Math.ceil(config.leaseMs / 1000),
      onError: (error) => log.debug({ err: error }, 'the lease was not kept alive'),
    })
  }

  /** Registers until `signal` aborts; begins when Docker has been read for the first time. */
  async run(signal: AbortSignal): Promise<void> {
    const { session, options } = this
    const registering = this.register(signal).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    await Promise.all([session.run(signal), registering, sayLease(session, options.log, signal)])
  }

  /** Takes this node out of the store for good. */
  async leave(signal: AbortSignal): Promise<void> {
    if (this.registrator) return this.registrator.leave(signal)
    throw new PortolanError('docker-down', 'nothing is registered yet; nothing to leave')
  }

  private async register(signal: AbortSignal): Promise<void> {
    const { config, base, version, log } = this.options
    const { prefix, plainPrefix } = config
    const { store, mirror, own, board } = base
    const known = await until(own, isKnown, signal)
    const record = recordOf(known, config, version)
    const registrator = createRegistrator({
      store,
      session: this.session,
      mirror,
      plain: plainPrefix === undefined ? undefined : base.open(`${plainPrefix}/`, signal),
      prefix,
      record,
      own,
      log,
      report: board.report,
    })
    this.registrator = registrator
    await Promise.all([registrator.run(signal), this.sweep(record, signal)])
  }

  private async sweep(record: NodeRecord, signal: AbortSignal): Promise<void> {
    const { config, base, log } = this.options
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
