import { type Ledger, ledgerOf } from './ledger.ts'
import { type Notes, notesOn, type Pending } from './notes.ts'
import type { Resource } from './resource.ts'

/**
 * What must be remembered of what one resource writes between passes, whatever becomes of its resource file: a reload
 * that is still to be done, a content that a program would not load, which files are ours, and what the commands said.
 */
export type Memory = {
  /** Changed by `remember`, so that it outlives us. */
  pending: Pending | undefined
  refused: Refused | undefined
  output: string
  /** Why something of this would be forgotten by a restart. */
  forgetful: string | undefined
  readonly notes: Notes
  /** Undefined for a resource of one file. */
  readonly ledger: Ledger | undefined
}

/** `print` stands for all of the content. */
type Refused = { readonly print: string; readonly error: unknown }

type Remembered = Pick<Resource, 'name' | 'dest' | 'each'>

/** What has a memory of its own: a file, or a resource that makes several. */
export function subjectOf({ name, dest, each }: Remembered): string {
  return each ? name : dest
}

/** The memory of what `resource` writes, with what an earlier run has noted; `state` is the folder of `--state`. */
export async function recall(resource: Remembered, state: string | undefined): Promise<Memory> {
  const notes = notesOn(resource, state)
  const ledger = resource.each && (await ledgerOf(resource.name, resource.each.folder, state))
  const pending = await notes.read()
  return { pending, refused: undefined, output: '', forgetful: undefined, notes, ledger }
}

/** Sets the reload that is due, so that it outlives us if that can be. */
export async function remember(memory: Memory, pending: Pending | undefined): Promise<void> {
  memory.pending = pending
  memory.forgetful = await memory.notes.write(pending)
}
