import { createHash } from 'node:crypto'

import { messageOf, PortolanError } from '../core/errors.ts'
import { putBack } from './file.ts'
import { type Memory, remember } from './memory.ts'
import type { Pending } from './notes.ts'
import { isDone, type Placed, replace, stepsTo } from './replace.ts'
import type { Resource } from './resource.ts'
import { recorded, ring, type Tools } from './ring.ts'

/** Which files a resource shall have. */
export type Wanted = {
  /** By path. */
  readonly files: ReadonlyMap<string, Buffer>
  /** Paths of files to remove. */
  readonly gone: readonly string[]
}

export type Published = {
  /** By path. */
  readonly files: ReadonlyMap<string, Placed>
  /** What went wrong with all of them; that of a single one stands with it. */
  readonly error: unknown
  /** The reload is due that much later: call again. */
  readonly dueInMs?: number
}

/** Tries of a reload before the previous files are put back. */
const reloadTries = 3

/**
 * Makes the files of `resource` be as `wanted`: stage and check each, replace those that are good, reload once, each
 * only when it is due. On any failure the file that was there stays. After a failed reload call it again: the reload
 * is repeated, and after the third failure the last files that were loaded are put back, reloaded, and the content
 * refused (`memory.refused`) until it changes. What is left to do is noted before files are replaced, and done by the
 * next process if this one ends. Never rejects.
 */
export async function publish(
  resource: Resource,
  wanted: Wanted,
  memory: Memory,
  tools: Tools,
  signal: AbortSignal,
): Promise<Published> {
  const print = printOf(wanted)
  if (memory.refused?.print === print) return { files: new Map(), error: memory.refused.error }
  const files = await placed(resource, wanted, memory, signal)
  if (files.values().some(hasChanged)) memory.refused = undefined
  const { pending } = memory
  if (!pending) return { files, error: undefined }
  const dueInMs = tools.reloads.waitMs(resource.group)
  if (dueInMs > 0) return { files, error: undefined, dueInMs }
  try {
    await reload(resource, print, pending, { memory, tools }, signal)
    return { files: told(files, pending, wanted), error: undefined }
  } catch (error) {
    return { files: told(files, pending, wanted, error), error }
  }
}

async function placed(
  resource: Resource,
  wanted: Wanted,
  memory: Memory,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Placed>> {
  const { steps, failed } = await stepsTo(resource, wanted.files, wanted.gone)
  const due = steps.filter((step) => !isDone(step))
  return new Map<string, Placed>([
    ...[...failed].map(([dest, error]) => [dest, { kind: 'failed', error }] as const),
    ...steps.map(({ dest, stamp }) => [dest, { kind: 'unchanged', stamp }] as const),
    ...(due.length > 0 ? await replace(resource, due, memory, signal) : []),
  ])
}

const hasChanged = ({ kind }: Placed) => kind === 'written' || kind === 'removed'

/** What became of files by a reload: those that it was about are as wanted only now, or not at all. */
function told(
  files: ReadonlyMap<string, Placed>,
  { previous }: Pending,
  { gone }: Wanted,
  error?: unknown,
): ReadonlyMap<string, Placed> {
  const toldOf = (dest: string, one: Placed): Placed => {
    if (one.kind === 'failed' || !previous.has(dest)) return one
    if (error !== undefined) return { kind: 'failed', error }
    return { kind: gone.includes(dest) ? 'removed' : 'written', stamp: one.stamp }
  }
  return new Map(files.entries().map(([dest, one]) => [dest, toldOf(dest, one)]))
}

function printOf({ files, gone }: Wanted): string {
  const hash = createHash('sha256')
  for (const [dest, content] of files) {
    hash.update(`${dest}\0${content.length}\0`).update(content)
  }
  return hash.update(gone.join('\0')).digest('hex')
}

async function reload(
  resource: Resource,
  print: string,
  pending: Pending,
  { memory, tools }: { readonly memory: Memory; readonly tools: Tools },
  signal: AbortSignal,
) {
  const { dest, group } = resource
  const how = resource.reload
  if (how) {
    const once = () => ring(how, dest, tools, signal)
    const run = () => recorded(memory, tools.reloads.reload(group, once))
    try {
      await run()
    } catch (error) {
      if (signal.aborted) throw error
      if (pending.failures + 1 < reloadTries) {
        await remember(memory, { ...pending, failures: pending.failures + 1 })
        throw error
      }
      memory.refused = { print, error: await rollback(pending.previous, error, run) }
      await remember(memory, undefined)
      throw memory.refused.error
    }
  }
  await remember(memory, undefined)
}

/** Puts `previous` back and reloads that; the error that tells all of it. */
async function rollback(
  previous: Pending['previous'],
  cause: unknown,
  run: () => Promise<unknown>,
): Promise<PortolanError> {
  const did = whatComesBack(previous)
  const because = `${messageOf(cause)}; tried ${reloadTries} times`
  try {
    for (const [dest, state] of previous) await putBack(dest, state)
    await run()
    return new PortolanError('command', `${because}; ${did} and reloaded`, { cause })
  } catch (again) {
    return new PortolanError(
      'command',
      `${because}; ${did}, but then: ${messageOf(again)}; look after that program`,
      { cause },
    )
  }
}

function whatComesBack(previous: Pending['previous']): string {
  if (previous.size > 1) return `the previous state of ${previous.size} files was put back`
  const [state] = previous.values()
  return state ? 'the previous file was put back' : 'the new file was removed'
}
