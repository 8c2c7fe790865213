import { rm } from 'node:fs/promises'

import { type FileState, ownerToKeep, putBack, readState, sameState, stage, swap } from './file.ts'
import { type Memory, remember } from './memory.ts'
import { idOf } from './owners.ts'
import type { Resource } from './resource.ts'
import { runCheck } from './ring.ts'
import { stampOf } from './stamp.ts'

/** One file: as it is, and as it shall be. */
export type Step = {
  readonly dest: string
  readonly before: FileState | undefined
  /** Undefined: not there. */
  readonly wanted: FileState | undefined
  /** Of the file as it was found. */
  readonly stamp: string
}

/** What became of one file; `stamp` is that of the file that we know to be right. */
export type Placed =
  | { readonly kind: 'unchanged' | 'written' | 'removed'; readonly stamp: string }
  | { readonly kind: 'failed'; readonly error: unknown }

/** The steps to files of that content; `gone` are those to remove. A file that can't be read has failed. */
export async function stepsTo(
  resource: Pick<Resource, 'mode' | 'uid' | 'gid'>,
  files: ReadonlyMap<string, Buffer>,
  gone: readonly string[],
) {
  const steps: Step[] = []
  const failed = new Map<string, unknown>()
  const wishes = [...files, ...gone.map((dest) => [dest, undefined] as const)]
  for (const [dest, content] of wishes) {
    try {
      const stamp = stampOf(dest)
      const before = await readState(dest)
      const wanted = content && (await wantedState(resource, content, before))
      steps.push({ dest, before, wanted, stamp })
    } catch (error) {
      failed.set(dest, error)
    }
  }
  return { steps, failed }
}

export function isDone({ before, wanted }: Step): boolean {
  return wanted ? sameState(before, wanted) : before === undefined
}

/** The state that `content` would get; what a resource leaves open stays as it is. */
async function wantedState(
  { mode, uid, gid }: Pick<Resource, 'mode' | 'uid' | 'gid'>,
  content: Buffer,
  before: FileState | undefined,
): Promise<FileState> {
  return {
    content,
    mode: mode ?? before?.mode ?? 0o644,
    uid: (await idOf('user', uid)) ?? ownerToKeep(before).uid,
    gid: (await idOf('group', gid)) ?? ownerToKeep(before).gid,
  }
}

type Staged = Step & { readonly staged: string | undefined }

/**
 * Stages and checks all, then puts in place those that are good. What was there before is noted first, if a reload
 * is to follow. A file that fails stays as it was, and harms no other.
 */
export async function replace(
  resource: Resource,
  steps: readonly Step[],
  memory: Memory,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Placed>> {
  const placed = new Map<string, Placed>()
  const ready: Staged[] = []
  try {
    for (const step of steps) {
      try {
        ready.push({ ...step, staged: await stagedOf(resource, step, memory, signal) })
      } catch (error) {
        placed.set(step.dest, { kind: 'failed', error })
      }
    }
    if (ready.length > 0) await swapAll(resource, ready, placed, memory)
    return placed
  } finally {
    for (const { staged } of ready) if (staged !== undefined) await rm(staged, { force: true })
  }
}

async function stagedOf(
  { check }: Resource,
  { dest, wanted }: Step,
  memory: Memory,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!wanted) return undefined
  const staged = await stage(dest, wanted)
  try {
    if (check) await runCheck(check, { src: staged, dest }, memory, signal)
    return staged
  } catch (error) {
    await rm(staged, { force: true })
    throw error
  }
}

async function swapAll(
  { backup, reload }: Resource,
  ready: readonly Staged[],
  placed: Map<string, Placed>,
  memory: Memory,
) {
  const before = memory.pending
  const previous = new Map([
    ...ready.map((step) => [step.dest, step.before] as const),
    // what was loaded last, whatever was written since
    ...(before?.previous ?? []),
  ])
  await remember(memory, reload && { previous, failures: 0 })
  for (const step of ready) {
    try {
      if (backup && step.before) await putBack(`${step.dest}.bak`, step.before)
      placed.set(step.dest, await swapOne(step))
    } catch (error) {
      placed.set(step.dest, { kind: 'failed', error })
    }
  }
  const nothing = ready.every(({ dest }) => placed.get(dest)?.kind === 'failed')
  if (nothing) await remember(memory, before)
}

async function swapOne({ dest, staged, wanted }: Staged): Promise<Placed> {
  if (staged === undefined || !wanted) {
    await rm(dest, { force: true })
    return { kind: 'removed', stamp: stampOf(dest) }
  }
  const stamp = stampOf(staged)
  const inPlace = await swap(staged, dest, wanted)
  return { kind: 'written', stamp: inPlace ? stampOf(dest) : stamp }
}
