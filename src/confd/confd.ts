import type { Registry } from 'prom-client'

import { compare } from '../core/catalog.ts'
import { type Live, live } from '../core/live.ts'
import type { Log } from '../core/log.ts'
import type { Problem, ProblemBoard } from '../core/problems.ts'
import type { Backoff } from '../core/retry.ts'
import { type Bell, createBell } from './bell.ts'
import { createClaims } from './claims.ts'
import { type Scan, scanFolder, templatesOf } from './folder.ts'
import { createLookups, type Lookups } from './lookups.ts'
import { type Memory, recall, subjectOf } from './memory.ts'
import { renderMetrics } from './metrics.ts'
import { mirrorPool, type OpenMirror } from './mirrors.ts'
import type { Outcome, PassOptions } from './pass.ts'
import { confdProblems } from './problems.ts'
import { Reloads } from './reloads.ts'
import { createRenderer, type Renderer } from './renderer.ts'
import type { Resource } from './resource.ts'
import type { Notify } from './ring.ts'
import type { ResourceView } from './view.ts'
import { watchFolder } from './watch.ts'
import { Worker } from './worker.ts'

export type ConfdOptions = Pick<PassOptions, 'catalog' | 'addressOf'> & {
  /** Has `conf.d/*.toml` and `templates/`. */
  readonly folder: string
  readonly open: OpenMirror
  /** Changes when addresses may be others. */
  readonly vantage?: Live<unknown>
  /** Undefined: containers may not be signalled. */
  readonly notify?: Notify | undefined
  /** Where reloads that are due are noted; undefined: beside each file. */
  readonly state?: string | undefined
  /** Only log what would be written. */
  readonly noop?: boolean
  readonly log: Log
  readonly report: ProblemBoard['report']
  readonly registry?: Registry
  /** Both folders are looked at this often in any case (10 s). */
  readonly rescanMs?: number
  /** How names are looked up; as the system does it. */
  readonly lookups?: Lookups
  /** Pauses between tries of a failed check, reload or write: 1 s, doubling up to 30 s. */
  readonly retry?: Backoff
}

export type Confd = {
  /** By name. */
  resources(): ResourceView[]
  /** Another value whenever that gives something else. */
  readonly changes: Live<number>
  /**
   * Keeps all files true until `signal` aborts: each resource by itself, when a key, service or template changed
   * that it reads. Files in the folder may come, change and go meanwhile.
   */
  run(signal: AbortSignal): Promise<void>
}

type Running = {
  readonly source: string
  readonly worker: Worker
  readonly stop: AbortController
}

const part = 'confd'
const defaultRetry = { firstMs: 1000, maxMs: 30_000 }
/** A saved file is several events. */
const scanWait = { minMs: 50, maxMs: 500 }

/** Renders config files from keys and services, as confd does, from confd's resource files. */
export function createConfd(options: ConfdOptions): Confd {
  const { folder, report, rescanMs = 10_000 } = options
  const running = new Map<string, Running>()
  let scanned: readonly Problem[] = []
  const changes = live(0)
  const reportAll = () => {
    changes.set(changes.current + 1)
    report(part, [...scanned, ...running.values().flatMap(({ worker }) => confdProblems(worker))])
  }
  const renderer = createRenderer(templatesOf(folder))
  const workers = starter(options, renderer, reportAll)

  const scan = async (bell: Bell, signal: AbortSignal) => {
    for await (const _ of bell.rings(scanWait, signal)) {
      const { resources, problems } = await scanFolder(folder)
      if (signal.aborted) break
      scanned = problems
      reconcile(running, resources, (resource) => workers.start(resource, signal))
      for (const { worker } of running.values()) worker.filesChanged()
      reportAll()
    }
    await workers.ended()
  }

  return {
    changes,
    resources: () =>
      [...running.values()]
        .map(({ worker }) => worker.view())
        .toSorted((a, b) => compare(a.name, b.name)),
    async run(signal) {
      const bell = createBell()
      signal.addEventListener('abort', () => renderer.close(), { once: true })
      const watching = watchFolder(folder, rescanMs, () => bell.ring(), signal)
      await Promise.all([watching, scan(bell, signal)])
    },
  }
}

/** Makes `running` what `wanted` says: what is the same goes on, what changed begins anew. */
function reconcile(
  running: Map<string, Running>,
  wanted: Scan['resources'],
  start: (resource: Resource) => Omit<Running, 'source'>,
) {
  for (const [name, { stop }] of running) {
    if (wanted.has(name)) continue
    stop.abort()
    running.delete(name)
  }
  for (const [name, { source, resource }] of wanted) {
    const old = running.get(name)
    if (old?.source === source) continue
    old?.stop.abort()
    running.set(name, { source, ...start(resource) })
  }
}

/** Starts workers, one at a time for what they write; what is remembered of it outlives them. */
function starter(options: ConfdOptions, renderer: Renderer, onChange: () => void) {
  const { open, catalog, addressOf, log } = options
  const { noop = false, retry = defaultRetry, vantage = live(undefined) } = options
  const pool = mirrorPool(open)
  const lookups = options.lookups ?? createLookups()
  const claims = createClaims()
  const tools = { reloads: new Reloads(), claims, notify: options.notify }
  const count = renderMetrics(options.registry)
  const desks = new Map<string, { memory: Promise<Memory>; done: Promise<void> }>()
  const start = (resource: Resource, signal: AbortSignal) => {
    const subject = subjectOf(resource)
    const owner = { name: resource.name }
    if (!resource.each) claims.take(resource.dest, owner)
    const { memory, done: before } = desks.get(subject) ?? {
      memory: recall(resource, options.state),
      done: Promise.resolve(),
    }
    const stop = new AbortController()
    const onOutcome = (outcome: Outcome) => count(resource.name, outcome)
    const parts = {
      resource,
      owner,
      lookups,
      memory,
      renderer,
      tools,
      pool,
      catalog,
      vantage,
      addressOf,
      noop,
      retry,
      log,
    }
    const worker = new Worker({ ...parts, onChange, onOutcome })
    const run = async () => {
      await before
      const lifetime = AbortSignal.any([signal, stop.signal])
      if (!lifetime.aborted) await worker.run(lifetime)
      claims.release(owner)
    }
    desks.set(subject, { memory, done: run() })
    return { worker, stop }
  }
  return { start, ended: () => Promise.all(desks.values().map(({ done }) => done)) }
}
