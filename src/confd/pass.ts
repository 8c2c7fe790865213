import type { Catalog } from '../core/catalog.ts'
import type { Live } from '../core/live.ts'
import { unifiedDiff } from './diff.ts'
import { readState, sameState } from './file.ts'
import { pairsOf } from './kv.ts'
import type { MirrorReader } from './mirrors.ts'
import { type Memory, publish, type Tools, wantedState } from './publish.ts'
import { type Looked, renderResource, type Sources } from './render.ts'
import type { Renderer } from './renderer.ts'
import type { Resource } from './resource.ts'
import type { ResourceState } from './view.ts'

/** What one pass over a resource needs. */
export type PassOptions = Pick<Sources, 'addressOf'> & {
  readonly resource: Resource
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
  /** `diff -u` of the file and what is rendered, with `would-write`; empty if only mode or owner differ. */
  readonly diff: string
  /** It has to be looked at again then: a reload is due. */
  readonly dueInMs?: number
  /** Of the file, as we know it. */
  readonly stamp?: string
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
  const { resource, renderer, mirrors, catalog, addressOf } = options
  const pairs = pairsOf(
    resource,
    mirrors.map(({ entries }) => entries),
  )
  const sources = { pairs, addressOf, catalog: catalog.current }
  const rendered = await renderResource(resource, renderer, sources, before)
  onLooked(rendered.looked)
  if (rendered.kind === 'waiting') return outcome('waiting')
  if (rendered.kind === 'failed') return outcome('failed', rendered.error)
  try {
    if (options.noop) return await compared(resource, rendered.content)
    const { memory, tools } = options
    const { state, ...rest } = await publish(resource, rendered.content, memory, tools, signal)
    return { ...outcome(state), ...rest }
  } catch (error) {
    return outcome('failed', error)
  }
}

function outcome(state: ResourceState, error?: unknown, diff = ''): Outcome {
  return { state, error, diff }
}

async function compared(resource: Resource, content: Buffer): Promise<Outcome> {
  const before = await readState(resource.dest)
  if (sameState(before, await wantedState(resource, content, before))) return outcome('unchanged')
  const old = before?.content.toString() ?? ''
  return outcome('would-write', undefined, unifiedDiff(old, content.toString(), resource.dest))
}
