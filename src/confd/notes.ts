import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import { z } from 'zod'

import { messageOf } from '../core/errors.ts'
import { type FileState, stage } from './file.ts'
import type { Resource } from './resource.ts'

/** A reload that has yet to be done: after a failure, or because nothing came of it before we ended. */
export type Pending = {
  /** By path, the last file that was loaded, to put back; undefined: there was none. */
  readonly previous: ReadonlyMap<string, FileState | undefined>
  readonly failures: number
}

/** What outlives this process of one resource. */
export type Notes = {
  read(): Promise<Pending | undefined>
  /** Writes or removes it. Gives the reason if that can't be done: the files are published all the same. */
  write(pending: Pending | undefined): Promise<string | undefined>
}

const noteSchema = z.object({
  v: z.literal(2),
  subject: z.string(),
  failures: z.int().min(0),
  previous: z.array(
    z.object({
      dest: z.string(),
      state: z
        .object({ content: z.base64(), mode: z.int(), uid: z.int(), gid: z.int() })
        .partial({ uid: true, gid: true })
        .nullable(),
    }),
  ),
})

/** Notes on what `resource` writes: a file in the folder of `--state`, or else a hidden one beside it. */
export function notesOn(
  { name, dest, each }: Pick<Resource, 'name' | 'dest' | 'each'>,
  state: string | undefined,
): Notes {
  const subject = each ? name : dest
  const beside = each
    ? hiddenOf(each.folder, name, 'reload-due')
    : hiddenOf(dirname(dest), basename(dest), 'reload-due')
  const path = state === undefined ? beside : stateFile(state, subject)
  const believed = (file: string) =>
    state !== undefined || (each ? dirname(file) === each.folder : file === dest)
  let written = true
  return {
    async read() {
      try {
        const note = noteSchema.parse(JSON.parse(await readFile(path, 'utf8')))
        const { previous, failures } = note
        if (note.subject !== subject || !previous.every((one) => believed(one.dest))) {
          return undefined
        }
        return { previous: new Map(previous.map((one) => [one.dest, stateOf(one)])), failures }
      } catch {
        // none, or one that nobody can read: the worst that follows is one reload too few
        return undefined
      }
    },
    async write(pending) {
      if (!pending && !written) return undefined
      try {
        if (pending) await put(path, textOf(subject, pending))
        else await rm(path, { force: true })
        written = pending !== undefined
        return undefined
      } catch (error) {
        return messageOf(error)
      }
    },
  }
}

/** The path of a hidden note in `folder`. */
export function hiddenOf(folder: string, subject: string, kind: string): string {
  return join(folder, `.${subject.replaceAll('/', '-')}.${kind}`)
}

/** The file of `--state` for notes on `subject`. */
export function stateFile(state: string, subject: string): string {
  const name = createHash('sha256').update(subject).digest('hex').slice(0, 32)
  return join(state, 'confd', `${name}.json`)
}

/** Writes a note whole, or not at all. */
export async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const state = { content: Buffer.from(text), mode: 0o600, uid: undefined, gid: undefined }
  const staged = await stage(path, state)
  await rename(staged, path)
}

type Noted = z.infer<typeof noteSchema>['previous'][number]

function stateOf({ state }: Noted): FileState | undefined {
  if (!state) return undefined
  const { content, mode, uid, gid } = state
  return { content: Buffer.from(content, 'base64'), mode, uid, gid }
}

function textOf(subject: string, { previous, failures }: Pending): string {
  const before = [...previous].map(([dest, state]) => ({
    dest,
    state: state ? { ...state, content: state.content.toString('base64') } : null,
  }))
  return JSON.stringify({ v: 2, subject, failures, previous: before })
}
