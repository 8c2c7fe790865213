import { messageOf } from '../core/errors.ts'
import type { Problem } from '../core/problems.ts'
import { backoffMs, sleep } from '../core/retry.ts'
import type { ConfdOptions } from './confd.ts'
import { scanFolder, templatesOf } from './folder.ts'
import { type MirrorPool, type MirrorReader, mirrorPool } from './mirrors.ts'
import { type Outcome, type PassOptions, passOver } from './pass.ts'
import { recall } from './publish.ts'
import { createReloads } from './reloads.ts'
import { nothingLooked } from './render.ts'
import { createRenderer } from './renderer.ts'
import type { ResourceState } from './view.ts'

/** What became of one resource; `resource` is its file's name. */
export type Result = {
  readonly resource: string
  readonly dest: string
  readonly state: ResourceState
  readonly error: string | null
  readonly diff: string
  readonly output: string
}

export type OnceOptions = Pick<
  ConfdOptions,
  'folder' | 'open' | 'catalog' | 'addressOf' | 'noop' | 'notify' | 'retry' | 'state'
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
  const tools = { reloads: createReloads(), notify: options.notify }
  const lifetime = AbortSignal.any([signal, close.signal])
  const results = problems.filter(({ severity }) => severity === 'error').map(resultOfProblem)
  try {
    for (const { resource } of resources.values()) {
      results.push(await renderOne({ ...options, resource, renderer, tools, pool }, lifetime))
    }
    return results
  } finally {
    close.abort()
    renderer.close()
  }
}

type OneOptions = OnceOptions &
  Pick<PassOptions, 'resource' | 'renderer' | 'tools'> & { pool: MirrorPool }

async function renderOne(options: OneOptions, signal: AbortSignal): Promise<Result> {
  const { resource, pool, noop = false } = options
  const { name, dest, keys } = resource
  const memory = await recall(dest, options.state)
  let outcome: Outcome
  const mirrors = signal.aborted ? [] : keys.map((key) => pool.use(key, signal))
  if (await allRead(mirrors, signal)) {
    outcome = await untilSettled({ ...options, mirrors, memory, noop }, signal)
  } else outcome = { state: 'waiting', error: undefined, diff: '' }
  const error = errorOf(outcome)
  const state = error === null ? outcome.state : 'failed'
  return { resource: name, dest, state, error, diff: outcome.diff, output: memory.output }
}

function errorOf({ state, error }: Outcome): string | null {
  if (state === 'failed') return messageOf(error)
  return state === 'waiting'
    ? 'the store or the services could not be read in time; check --store and --docker'
    : null
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
async function untilSettled(options: PassOptions & OneOptions, signal: AbortSignal) {
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
  return { state: 'waiting', error: undefined, diff: '' } as const
}
