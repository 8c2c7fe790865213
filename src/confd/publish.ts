import { rm } from 'node:fs/promises'

import { messageOf, PortolanError } from '../core/errors.ts'
import { type Ran, runCommand } from './command.ts'
import { type FileState, ownerToKeep, putBack, readState, sameState, stage, swap } from './file.ts'
import type { Resource } from './resource.ts'

export type Published = 'unchanged' | 'written'

/**
 * What must be remembered of one destination between passes, whatever becomes of its resource file: a reload
 * that is still to be done, a content that a program would not load, and what the commands said.
 */
export type Memory = {
  pending: Pending | undefined
  refused: Refused | undefined
  output: string
}
type Pending = { readonly previous: FileState | undefined; failures: number }
type Refused = { readonly content: Buffer; readonly error: unknown }

export const emptyMemory = (): Memory => ({ pending: undefined, refused: undefined, output: '' })

/** Tries of a reload before the previous file is put back. */
const reloadTries = 3
const checkTimeoutMs = 30_000
const reloadTimeoutMs = 60_000

/**
 * Makes the destination of `resource` have `content`: stage, check, replace, reload, each only when it is due.
 * On any failure the file that was there stays and an error is thrown (`command`). After a failed reload call it
 * again: the reload is repeated, and after the third failure the last file that was loaded is put back, reloaded,
 * and the content refused (`memory.refused`) until it changes.
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
  if (!same) {
    await replace(resource, wanted, memory, signal)
    const previous = memory.pending ? memory.pending.previous : before
    memory.pending = resource.reloadCmd === undefined ? undefined : { previous, failures: 0 }
  }
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

async function replace(
  { dest, checkCmd }: Resource,
  wanted: FileState,
  memory: Memory,
  signal: AbortSignal,
) {
  const staged = await stage(dest, wanted)
  try {
    if (checkCmd !== undefined) {
      const command = filled(checkCmd, { src: staged, dest })
      const options = { name: 'check_cmd', command, timeoutMs: checkTimeoutMs }
      await recorded(memory, runCommand(options, signal))
    }
    await swap(staged, dest, wanted)
  } finally {
    await rm(staged, { force: true })
  }
}

async function reload(
  resource: Resource,
  content: Buffer,
  pending: Pending,
  memory: Memory,
  signal: AbortSignal,
) {
  const { dest, reloadCmd } = resource
  if (reloadCmd !== undefined) {
    const command = filled(reloadCmd, { src: dest, dest })
    const options = { name: 'reload_cmd', command, timeoutMs: reloadTimeoutMs }
    const run = () => recorded(memory, runCommand(options, signal))
    try {
      await run()
    } catch (error) {
      if (signal.aborted || ++pending.failures < reloadTries) throw error
      memory.refused = { content, error: await rollback(dest, pending.previous, error, run) }
      memory.pending = undefined
      throw memory.refused.error
    }
  }
  memory.pending = undefined
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
function filled(command: string, paths: Readonly<Record<string, string>>): string {
  return command.replaceAll(/\{\{-?\s*\.?(src|dest)\s*-?\}\}/g, (whole, name: string) =>
    paths[name] === undefined ? whole : paths[name],
  )
}
