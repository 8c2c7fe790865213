import { rm } from 'node:fs/promises'

import { messageOf, PortolanError } from '../core/errors.ts'
import { type CommandLine, type Ran, runCommand } from './command.ts'
import { type FileState, ownerToKeep, putBack, readState, sameState, stage, swap } from './file.ts'
import { type Notes, notesOn, type Pending } from './notes.ts'
import type { Resource } from './resource.ts'

export type Published = 'unchanged' | 'written'

/**
 * What must be remembered of one destination between passes, whatever becomes of its resource file: a reload
 * that is still to be done, a content that a program would not load, and what the commands said.
 */
export type Memory = {
  /** Changed by `remember`, so that it outlives us. */
  pending: Pending | undefined
  refused: Refused | undefined
  output: string
  /** Why a pending reload would be forgotten by a restart. */
  forgetful: string | undefined
  readonly notes: Notes
}
type Refused = { readonly content: Buffer; readonly error: unknown }

/** The memory of `dest`, with what an earlier run has noted; `state` is the folder of `--state`. */
export async function recall(dest: string, state: string | undefined): Promise<Memory> {
  const notes = notesOn(dest, state)
  const pending = await notes.read()
  return { pending, refused: undefined, output: '', forgetful: undefined, notes }
}

/** Tries of a reload before the previous file is put back. */
const reloadTries = 3

/**
 * Makes the destination of `resource` have `content`: stage, check, replace, reload, each only when it is due.
 * On any failure the file that was there stays and an error is thrown (`command`). After a failed reload call it
 * again: the reload is repeated, and after the third failure the last file that was loaded is put back, reloaded,
 * and the content refused (`memory.refused`) until it changes. What is left to do is noted before the file is
 * replaced, and done by the next process if this one ends.
 */
export async function publish(
  resource: Resource,
  content: Buffer,
  memory: Memory,
  signal: AbortSignal,
): Promise<Published> {
  if (memory.refused?.content.equals(content)) throw memory.refused.error
  const { dest } = resource
  const before = await readState(dest)
  const wanted = wantedState(resource, content, before)
  const same = sameState(before, wanted)
  if (same && !memory.pending) return 'unchanged'
  if (!same) await replace(resource, { before, wanted }, memory, signal)
  memory.refused = undefined
  if (memory.pending) await reload(resource, content, memory.pending, memory, signal)
  return 'written'
}

/** The state that `content` would get; what a resource leaves open stays as it is. */
export function wantedState(
  { mode, uid, gid }: Pick<Resource, 'mode' | 'uid' | 'gid'>,
  content: Buffer,
  before: FileState | undefined,
): FileState {
  return {
    content,
    mode: mode ?? before?.mode ?? 0o644,
    uid: uid ?? ownerToKeep(before).uid,
    gid: gid ?? ownerToKeep(before).gid,
  }
}

type Step = { readonly before: FileState | undefined; readonly wanted: FileState }

async function replace(
  resource: Resource,
  { before, wanted }: Step,
  memory: Memory,
  signal: AbortSignal,
) {
  const { dest, check, backup } = resource
  const staged = await stage(dest, wanted)
  const pending = memory.pending
  try {
    if (check) {
      const command = filled(check.command, { src: staged, dest })
      const options = { name: 'check_cmd', command, timeoutMs: check.timeoutMs }
      await recorded(memory, runCommand(options, signal))
    }
    if (backup && before) await putBack(`${dest}.bak`, before)
    const previous = pending ? pending.previous : before
    await remember(memory, resource.reload && { previous, failures: 0 })
    await swap(staged, dest, wanted)
  } catch (error) {
    if (memory.pending !== pending) await remember(memory, pending)
    throw error
  } finally {
    await rm(staged, { force: true })
  }
}

async function remember(memory: Memory, pending: Pending | undefined) {
  memory.pending = pending
  memory.forgetful = await memory.notes.write(pending)
}

async function reload(
  resource: Resource,
  content: Buffer,
  pending: Pending,
  memory: Memory,
  signal: AbortSignal,
) {
  const { dest } = resource
  if (resource.reload) {
    const command = filled(resource.reload.command, { src: dest, dest })
    const options = { name: 'reload_cmd', command, timeoutMs: resource.reload.timeoutMs }
    const run = () => recorded(memory, runCommand(options, signal))
    try {
      await run()
    } catch (error) {
      if (signal.aborted) throw error
      if (pending.failures + 1 < reloadTries) {
        await remember(memory, { ...pending, failures: pending.failures + 1 })
        throw error
      }
      memory.refused = { content, error: await rollback(dest, pending.previous, error, run) }
      await remember(memory, undefined)
      throw memory.refused.error
    }
  }
  await remember(memory, undefined)
}

/** Puts `previous` back and reloads that; the error that tells all of it. */
async function rollback(
  dest: string,
  previous: FileState | undefined,
  cause: unknown,
  run: () => Promise<unknown>,
): Promise<PortolanError> {
  const did = previous ? 'the previous file was put back' : 'the new file was removed'
  const because = `${messageOf(cause)}; tried ${reloadTries} times`
  try {
    await putBack(dest, previous)
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

async function recorded(memory: Memory, running: Promise<Ran>) {
  const { output, fault } = await running
  memory.output = output
  if (fault) throw fault
}

/** `{{src}}` and `{{.src}}`, as confd has it, as plain text: quotes are the writer's. */
function filled(command: CommandLine, paths: Readonly<Record<string, string>>): CommandLine {
  const fill = (text: string) =>
    text.replaceAll(
      /\{\{-?\s*\.?(src|dest)\s*-?\}\}/g,
      (whole, name: string) => paths[name] ?? whole,
    )
  return typeof command === 'string' ? fill(command) : command.map(fill)
}
