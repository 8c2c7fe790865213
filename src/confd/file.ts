import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import { errnoOf, messageOf, PortolanError } from '../core/errors.ts'

/** A file as it is or shall be. */
export type FileState = {
  readonly content: Buffer
  /** Permission bits. */
  readonly mode: number
  /** Undefined: whatever it gets. */
  readonly uid: number | undefined
  readonly gid: number | undefined
}

/** The file at `path`, or undefined if there is none. */
export async function readState(path: string): Promise<FileState | undefined> {
  try {
    const [content, { mode, uid, gid }] = await Promise.all([readFile(path), stat(path)])
    return { content, mode: mode & 0o7777, uid, gid }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw failed(path, 'cannot be read', error)
  }
}

/** Whether `state` is all that `wanted` asks for. */
export function sameState(state: FileState | undefined, wanted: FileState): boolean {
  return (
    state !== undefined &&
    state.mode === wanted.mode &&
    [state.uid, undefined].includes(wanted.uid) &&
    [state.gid, undefined].includes(wanted.gid) &&
    state.content.equals(wanted.content)
  )
}

/** The owner of a file that its next version shall have too; only root can give that. */
export function ownerToKeep(state: FileState | undefined): Pick<FileState, 'uid' | 'gid'> {
  const root = process.geteuid?.() === 0
  return root && state ? { uid: state.uid, gid: state.gid } : { uid: undefined, gid: undefined }
}

/**
 * A file of that state beside `dest`, synced, so that a rename can put it in place; its path. The caller removes
 * it. Throws `command` (it may work later) with the remedy.
 */
export async function stage(dest: string, state: FileState): Promise<string> {
  const path = join(dirname(dest), `.${basename(dest)}.${randomBytes(6).toString('hex')}`)
  try {
    await write(path, 'wx', state)
    return path
  } catch (error) {
    await rm(path, { force: true })
    throw failed(dest, 'cannot be written', error)
  }
}

/** Puts `staged` in the place of `dest`: at once, or in place (true) where a mount point forbids that. */
export async function swap(staged: string, dest: string, state: FileState): Promise<boolean> {
  try {
    await rename(staged, dest)
    await syncFolder(dirname(dest))
    return false
  } catch (error) {
    // A file that is mounted by itself can only be written, not replaced (rename(2)).
    if (!['EBUSY', 'EXDEV'].includes(errnoOf(error) ?? '')) {
      throw failed(dest, 'cannot be replaced', error)
    }
    await overwrite(dest, state)
    return true
  }
}

/** Makes `dest` as it was; undefined: it was not there. */
export async function putBack(dest: string, before: FileState | undefined): Promise<void> {
  if (!before) {
    await rm(dest, { force: true })
    return
  }
  const wanted = { ...before, ...ownerToKeep(before) }
  const staged = await stage(dest, wanted)
  try {
    await swap(staged, dest, wanted)
  } finally {
    await rm(staged, { force: true })
  }
}

async function overwrite(dest: string, state: FileState) {
  const before = await readState(dest)
  try {
    await write(dest, 'r+', state)
  } catch (error) {
    if (before) await write(dest, 'r+', { ...before, ...ownerToKeep(before) })
    throw failed(dest, 'cannot be written in place', error)
  }
}

async function write(path: string, flags: string, { content, mode, uid, gid }: FileState) {
  await using file = await open(path, flags, 0o600)
  await file.writeFile(content)
  await file.truncate(content.length)
  const now = await file.stat()
  const owner = { uid: uid ?? now.uid, gid: gid ?? now.gid }
  if (now.uid !== owner.uid || now.gid !== owner.gid) await file.chown(owner.uid, owner.gid)
  // after chown, which takes the set-user-id bits away
  await file.chmod(mode)
  await file.sync()
}

/** Without it the rename itself may be lost in a power cut (fsync(2)). */
async function syncFolder(path: string) {
  await using folder = await open(path, 'r')
  await folder.sync()
}

const remedies: Readonly<Record<string, string>> = {
  ENOENT: 'create its folder, or mount it',
  EACCES: 'allow this user to write there',
  EPERM: 'run as root, or leave uid and gid away',
  EROFS: 'mount its folder writable',
  ENOSPC: 'free some space',
  EISDIR: 'name a file, or remove that folder (Docker makes one for a missing bind mount)',
}

function failed(path: string, what: string, cause: unknown): PortolanError {
  const remedy = remedies[errnoOf(cause) ?? ''] ?? 'check the path and its rights'
  return new PortolanError('command', `${path} ${what} (${messageOf(cause)}); ${remedy}`, { cause })
}
