import type { Registry } from 'prom-client'

import type { Catalog } from '../core/catalog.ts'
import type { CertificateSet } from '../core/certificate.ts'
import type { Live } from '../core/live.ts'
import type { Log } from '../core/log.ts'
import type { Problem } from '../core/problems.ts'
import type { Vantage } from '../core/vantage.ts'
import type { AccessWish } from './access/wish.ts'
import type { ClientTimes } from './http1/limits.ts'
import type { Listener } from './listener.ts'

export type ProxyOptions = {
  /** Undefined until Docker and the store have been read. */
  readonly catalog: Live<Catalog | undefined>
  readonly vantage: Live<Vantage | undefined>
  /** Id of the container that we run in. */
  readonly self: () => string | undefined
  readonly listeners: readonly Listener[]
  /** Threads that serve, each with a listener of its own on every entrypoint. */
  readonly workers: number
  readonly certificates: Live<CertificateSet>
  /** The folder that they come from, if any. */
  readonly certsFolder?: string | undefined
  /** Where clients reach the entrypoint https, if that is known to be another port than its own. */
  readonly httpsPort?: Live<number | undefined>
  /** Other ports of this process that must not become targets. */
  readonly ownPorts: readonly number[]
  readonly drainMs: number
  readonly holdMs: number
  /** Addresses and ranges whose forwarding headers are believed. */
  readonly trust: readonly string[]
  /** Folder of the files with passwords that labels may name; `/run/secrets` unless given. */
  readonly secrets?: string
  /** Files below it that labels may not name: we log in by them ourselves. */
  readonly ownSecrets?: readonly string[]
  /** What to log of requests; nothing unless given. */
  readonly accessLog?: AccessWish
  readonly log: Log
  /** Takes the whole list each time. */
  readonly report: (problems: readonly Problem[]) => void
  readonly registry: Registry
  /** Until the first byte of an answer; 60 s. */
  readonly firstByteMs?: number
  /** Between two pieces of it; 60 s. */
  readonly idleMs?: number
  /** How long a worker's event loop may stand still before another one takes its place; 10 s. */
  readonly hangMs?: number
  /** What may wait in all workers for who does not keep up; a share of the memory unless given. */
  readonly bufferBytes?: number | undefined
  /** Where they are to be others than usual. */
  readonly clientTimes?: Partial<ClientTimes>
}
