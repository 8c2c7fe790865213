import { rm } from 'node:fs/promises'

import { messageOf, PortolanError } from '../core/errors.ts'
import { type CommandLine, type Ran, runCommand } from './command.ts'
import { type FileState, ownerToKeep, putBack, readState, sameState, stage, swap } from './file.ts'
import { type Notes, notesOn, type Pending } from './notes.ts'
import { idOf } from './owners.ts'
import type { Reloads } from './reloads.ts'
import type { Reload, Resource } from './resource.ts'
import { stampOf } from './stamp.ts'

export type Published = {
  readonly state: 'unchanged' | 'written'
  /** Of the file as it was found right or was made so: another one means that others have changed it. */
  readonly stamp: string
  /** The reload is due that much later: call again. */
  readonly dueInMs?: number
}

/** Signals or restarts containers; gives what was done, in words. Rejects with `command`. */
export type Notify = (
  target: { readonly container: string; readonly action: string },
  signal: AbortSignal,
) => Promise<string>

/** How reloads are done. */
export type Tools = {
  readonly reloads: Reloads
  /** Undefined: not allowed. */
  readonly notify: Notify | undefined
}

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
  tools: Tools,
  signal: AbortSignal,
): Promise<Published> {
  if (memory.refused?.content.equals(content)) throw memory.refused.error
  const { dest } = resource
  const found = stampOf(dest)
  const before = await readState(dest)
  const wanted = await wantedState(resource, content, before)
  const same = sameState(before, wanted)
  if (same && !memory.pending) return { state: 'unchanged', stamp: found }
  const stamp = same ? found : await replace(resource, { before, wanted }, memory, signal)
  memory.refused = undefined
  if (!memory.pending) return { state: 'written', stamp }
  const dueInMs = tools.reloads.waitMs(resource.group)
  if (dueInMs > 0) return { state: 'written', stamp, dueInMs }
  await reload(resource, content, memory.pending, { memory, tools }, signal)
  return { state: 'written', stamp }
}

/** The state that `content` would get; what a resource leaves open stays as it is. */
export async function wantedState(
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

type Step = { readonly before: FileState | undefined; readonly wanted: FileState }

async function replace(
  resource: Resource,
  { before, wanted }: Step,
  memory: Memory,
  signal: AbortSignal,
): Promise<string> {
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
    const stamp = stampOf(staged)
    const inPlace = await swap(staged, dest, wanted)
    return inPlace ? stampOf(dest) : stamp
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
      memory.refused = { content, error: await rollback(dest, pending.previous, error, run) }
      await remember(memory, undefined)
      throw memory.refused.error
    }
  }
  await remember(memory, undefined)
}

async function ring(
  how: Reload,
  dest: string,
  { notify }: Tools,
  signal: AbortSignal,
): Promise<Ran> {
  const { timeoutMs } = how
  if (how.kind === 'command') {
    const command = filled(how.command, { src: dest, dest })
    return runCommand({ name: 'reload_cmd', command, timeoutMs }, signal)
  }
  const { container, action } = how
  if (!notify) {
    const what = `${action} of container ${container} is not allowed; start Portolan with --allow-writes`
    return { output: '', fault: new PortolanError('command', what) }
  }
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    return { output: await notify({ container, action }, limit), fault: undefined }
  } catch (cause) {
    const what = `${action} of container ${container}: ${messageOf(cause)}`
    return { output: '', fault: new PortolanError('command', what, { cause }) }
  }
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
