import type { Catalog } from '../core/catalog.ts'
import { isTransient, messageOf, PortolanError } from '../core/errors.ts'
import type { Live } from '../core/live.ts'
import { type Arranged, arrange, summaryOf } from './arrange.ts'
import type { Owner } from './claims.ts'
import { compared, type FileOutcome } from './compare.ts'
import type { Item } from './job.ts'
import { pairsOf } from './kv.ts'
import type { Memory } from './memory.ts'
import type { MirrorReader } from './mirrors.ts'
import { publish, type Published } from './publish.ts'
import { type Looked, renderResource, type Sources } from './render.ts'
import type { Renderer } from './renderer.ts'
import type { Placed } from './replace.ts'
import type { Resource } from './resource.ts'
import type { Tools } from './ring.ts'
import type { ResourceState } from './view.ts'

/** What one pass over a resource needs. */
export type PassOptions = Pick<Sources, 'addressOf' | 'lookups'> & {
  readonly resource: Resource
  /** Who writes its files. */
  readonly owner: Owner
  readonly renderer: Pick<Renderer, 'render'>
  /** All of them must have been read. */
  readonly mirrors: readonly MirrorReader[]
  readonly catalog: Live<Catalog | undefined>
  /** Change nothing, run nothing: only say what would be. */
  readonly noop: boolean
  readonly memory: Memory
  readonly tools: Tools
}

export type Outcome = {
  readonly state: ResourceState
  /** With `failed`. */
  readonly error: unknown
  readonly files: readonly FileOutcome[]
  /** It has to be looked at again then: a reload is due. */
  readonly dueInMs?: number
  /** Of the files by path, as we know them. */
  readonly stamps: ReadonlyMap<string, string>
}

/**
 * Renders and publishes one resource. Never throws. `before` is what its last render has read; `onLooked` hears what
 * this one has read, before it is written.
 */
export async function passOver(
  options: PassOptions,
  before: Looked,
  onLooked: (looked: Looked) => void,
  signal: AbortSignal,
): Promise<Outcome> {
  const { resource, renderer, mirrors, catalog, addressOf, lookups } = options
  const pairs = pairsOf(
    resource,
    mirrors.map(({ entries }) => entries),
  )
  const sources = { pairs, addressOf, lookups, catalog: catalog.current }
  const rendered = await renderResource(resource, renderer, sources, before)
  onLooked(rendered.looked)
  if (rendered.kind === 'waiting') return whole('waiting')
  if (rendered.kind === 'failed') return whole('failed', rendered.error)
  try {
    const arranged =
      rendered.kind === 'items' ? arrangedItems(options, rendered.items) : single(options, rendered)
    return await (options.noop ? dryRun(resource, arranged) : published(options, arranged, signal))
  } catch (error) {
    return whole('failed', error)
  }
}

function whole(state: 'waiting' | 'failed', error?: unknown): Outcome {
  return { state, error, files: [], stamps: new Map() }
}

function single({ resource }: PassOptions, { content }: { readonly content: Buffer }): Arranged {
  return { files: new Map([[resource.dest, content]]), faults: new Map(), gone: [] }
}

function arrangedItems(options: PassOptions, items: readonly Item[]): Arranged {
  const { resource, memory, owner, tools } = options
  const { each, dest } = resource
  if (!each) throw new PortolanError('template', `${resource.name} has no for_each`)
  const ours = memory.ledger?.files ?? new Set()
  return arrange(items, { resource: { each, dest }, ours, owner, claims: tools.claims })
}

async function dryRun(resource: Resource, { files, gone, faults }: Arranged): Promise<Outcome> {
  const { outcomes, failed } = await compared(resource, files, gone)
  const all = new Map([...faults, ...failed])
  const differs = outcomes.some(({ state }) => state.startsWith('would'))
  const error = errorOf(resource, all)
  const state = error !== undefined ? 'failed' : differs ? 'would-write' : 'unchanged'
  return { state, error, files: [...outcomes, ...faultsOf(all)], stamps: new Map() }
}

/** What is made is noted as ours before it is there, and forgotten when nothing can bring it back any more. */
async function published(
  { resource, memory, tools }: PassOptions,
  { files, gone, faults }: Arranged,
  signal: AbortSignal,
): Promise<Outcome> {
  const { ledger } = memory
  await ledger?.write(ledger.files.union(new Set(files.keys())))
  const done = await publish(resource, { files, gone }, memory, tools, signal)
  const failed = new Map([...faults, ...failuresOf(done)])
  if (ledger && done.error === undefined && !memory.pending) {
    const stays = (dest: string) => failed.has(dest) || !gone.includes(dest)
    await ledger.write(new Set([...ledger.files].filter(stays)))
  }
  const error = done.error ?? errorOf(resource, failed)
  return {
    state: error !== undefined ? 'failed' : hasActed(done) ? 'written' : 'unchanged',
    error,
    files: [...placedOf(done), ...faultsOf(failed)],
    stamps: new Map([...done.files].flatMap(([dest, one]) => stampOf(dest, one))),
    ...(done.dueInMs === undefined ? {} : { dueInMs: done.dueInMs }),
  }
}

function hasActed({ files }: Published): boolean {
  return files.values().some(({ kind }) => kind === 'written' || kind === 'removed')
}

function failuresOf({ files }: Published): (readonly [string, unknown])[] {
  return [...files].flatMap(([dest, one]) =>
    one.kind === 'failed' ? [[dest, one.error] as const] : [],
  )
}

function placedOf({ files }: Published): FileOutcome[] {
  return [...files].flatMap(([dest, one]) =>
    one.kind === 'failed' ? [] : [{ dest, state: one.kind, error: null, diff: '' }],
  )
}

function stampOf(dest: string, one: Placed): (readonly [string, string])[] {
  return one.kind === 'failed' ? [] : [[dest, one.stamp]]
}

function faultsOf(faults: Arranged['faults']): FileOutcome[] {
  return [...faults].map(([dest, error]) => ({
    dest,
    state: 'failed',
    error: messageOf(error),
    diff: '',
  }))
}

/** Of one file its own, of several all in one: worth another try if one of them is. */
function errorOf({ each }: Resource, faults: Arranged['faults']): unknown {
  const [first] = faults.values()
  if (!each || first === undefined) return first
  const code = faults.values().some(isTransient) ? 'command' : 'template'
  return new PortolanError(code, summaryOf(faults), { cause: first })
}
