import { messageOf } from '../core/errors.ts'
import type { Problem } from '../core/problems.ts'
import { backoffMs, sleep } from '../core/retry.ts'
import { createClaims } from './claims.ts'
import type { ConfdOptions } from './confd.ts'
import { scanFolder, templatesOf } from './folder.ts'
import { createLookups } from './lookups.ts'
import { recall } from './memory.ts'
import { type MirrorPool, type MirrorReader, mirrorPool } from './mirrors.ts'
import { type Outcome, type PassOptions, passOver } from './pass.ts'
import { Reloads } from './reloads.ts'
import { nothingLooked } from './render.ts'
import { createRenderer } from './renderer.ts'
import type { Resource } from './resource.ts'
import type { FileState } from './view.ts'

/** What became of one file; `resource` is the name of what asks for it. */
export type Result = {
  readonly resource: string
  readonly dest: string
  readonly state: FileState
  readonly error: string | null
  readonly diff: string
  readonly output: string
}

export type OnceOptions = Pick<
  ConfdOptions,
  'folder' | 'open' | 'catalog' | 'addressOf' | 'noop' | 'notify' | 'retry' | 'state' | 'lookups'
>

/**
 * Renders all resources once, one after the other, and gives a result for each, also for files that cannot be
 * read. Waits for store and catalog until `signal` aborts; what had to wait until then is `failed`.
 */
export async function renderOnce(options: OnceOptions, signal: AbortSignal): Promise<Result[]> {
  const { resources, problems } = await scanFolder(options.folder)
  const close = new AbortController()
  const pool = mirrorPool(options.open)
  const renderer = createRenderer(templatesOf(options.folder))
  const claims = createClaims()
  const tools = { reloads: new Reloads(), claims, notify: options.notify }
  const lookups = options.lookups ?? createLookups()
  const all = [...resources.values()].map(({ resource }) => ({
    resource,
    owner: { name: resource.name },
  }))
  for (const { resource, owner } of all) if (!resource.each) claims.take(resource.dest, owner)
  const lifetime = AbortSignal.any([signal, close.signal])
  const results = problems.filter(({ severity }) => severity === 'error').map(resultOfProblem)
  try {
    for (const one of all) {
      const parts = { ...options, ...one, renderer, tools, pool, lookups }
      results.push(...(await renderOne(parts, lifetime)))
    }
    return results
  } finally {
    close.abort()
    renderer.close()
  }
}

type OneOptions = OnceOptions &
  Pick<PassOptions, 'resource' | 'owner' | 'renderer' | 'tools' | 'lookups'> & { pool: MirrorPool }

async function renderOne(options: OneOptions, signal: AbortSignal): Promise<Result[]> {
  const { resource, pool, noop = false } = options
  const memory = await recall(resource, options.state)
  let outcome = waiting
  const mirrors = signal.aborted ? [] : resource.keys.map((key) => pool.use(key, signal))
  if (await allRead(mirrors, signal)) {
    outcome = await untilSettled({ ...options, mirrors, memory, noop }, signal)
  }
  return resultsOf(resource, outcome, memory.output)
}

const waiting: Outcome = { state: 'waiting', error: undefined, files: [], stamps: new Map() }
const late = 'the store or the services could not be read in time; check --store and --docker'

/** One for each file; what is wrong with all of them is told once, in its place or beside them. */
function resultsOf({ name, dest, each }: Resource, outcome: Outcome, output: string): Result[] {
  const { files, state, error } = outcome
  const results = files.map((file): Result => ({ resource: name, ...file, output }))
  if (state !== 'waiting' && state !== 'failed') return results
  if (files.some((file) => file.state === 'failed')) return results
  const said = state === 'failed' ? messageOf(error) : late
  const whole: Result = { resource: name, dest, state: 'failed', error: said, diff: '', output }
  return each ? [...results, whole] : [whole]
}

/** A resource file that cannot be used. */
function resultOfProblem({ where, what, why, remedy }: Problem): Result {
  const error = `${what} (${why}); ${remedy}`
  const resource = where.replace(/^resource /, '')
  return { resource, dest: '', state: 'failed', error, diff: '', output: '' }
}

/** Whether each has been read before `signal` aborted. */
async function allRead(mirrors: readonly MirrorReader[], signal: AbortSignal) {
  const reads = mirrors.map(async (mirror) => {
    for await (const _ of mirror.follow(signal)) return true
    return false
  })
  return (await Promise.all(reads)).every(Boolean) && !signal.aborted
}

/** Again as long as a reload is pending or the catalog is not known. */
async function untilSettled(
  options: PassOptions & OneOptions,
  signal: AbortSignal,
): Promise<Outcome> {
  for await (const _ of options.catalog.changes(signal)) {
    for (let failures = 0; ; failures++) {
      const leave = options.tools.reloads.enter(options.resource.group)
      const outcome = await passOver(options, nothingLooked, () => {}, signal)
      leave()
      if (outcome.state === 'waiting') break
      if (!options.memory.pending || signal.aborted) return outcome
      const inMs = outcome.dueInMs ?? backoffMs(failures, options.retry ?? { firstMs: 1000 })
      await sleep(inMs, signal)
    }
  }
  return waiting
}
