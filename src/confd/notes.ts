import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import { z } from 'zod'

import { messageOf } from '../core/errors.ts'
import { type FileState, stage } from './file.ts'

/** A reload that has yet to be done: after a failure, or because nothing came of it before we ended. */
export type Pending = {
  /** The last file that was loaded, to put back; undefined: there was none. */
  readonly previous: FileState | undefined
  failures: number
}

/** What outlives this process of one destination. */
export type Notes = {
  read(): Promise<Pending | undefined>
  /** Writes or removes it. Gives the reason if that can't be done: the file is published all the same. */
  write(pending: Pending | undefined): Promise<string | undefined>
}

const noteSchema = z.object({
  v: z.literal(1),
  dest: z.string(),
  failures: z.int().min(0),
  previous: z
    .object({ content: z.base64(), mode: z.int(), uid: z.int(), gid: z.int() })
    .partial({ uid: true, gid: true })
    .nullable(),
})

/** Notes on `dest`: a file in the folder of `--state`, or else a hidden one beside `dest`. */
export function notesOn(dest: string, state: string | undefined): Notes {
  const path = noteOf(dest, state)
  let written = true
  return {
    async read() {
      try {
        const { previous, failures, ...note } = noteSchema.parse(
          JSON.parse(await readFile(path, 'utf8')),
        )
        if (note.dest !== dest) return undefined
        if (!previous) return { previous: undefined, failures }
        const { content, mode, uid, gid } = previous
        return { previous: { content: Buffer.from(content, 'base64'), mode, uid, gid }, failures }
      } catch {
        // none, or one that nobody can read: the worst that follows is one reload too few
        return undefined
      }
    },
    async write(pending) {
      if (!pending && !written) return undefined
      try {
        if (pending) await put(path, textOf(dest, pending))
        else await rm(path, { force: true })
        written = pending !== undefined
        return undefined
      } catch (error) {
        return messageOf(error)
      }
    },
  }
}

function noteOf(dest: string, state: string | undefined): string {
  if (state === undefined) return join(dirname(dest), `.${basename(dest)}.reload-due`)
  const name = createHash('sha256').update(dest).digest('hex').slice(0, 32)
  return join(state, 'confd', `${name}.json`)
}

function textOf(dest: string, { previous, failures }: Pending): string {
  const before = previous && { ...previous, content: previous.content.toString('base64') }
  return JSON.stringify({ v: 1, dest, failures, previous: before ?? null })
}

async function put(path: string, text: string) {
  await mkdir(dirname(path), { recursive: true })
  const state = { content: Buffer.from(text), mode: 0o600, uid: undefined, gid: undefined }
  const staged = await stage(path, state)
  await rename(staged, path)
}
