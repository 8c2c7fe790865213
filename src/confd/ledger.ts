import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

import { z } from 'zod'

import { messageOf } from '../core/errors.ts'
import { hiddenOf, put, stateFile } from './notes.ts'

/** Which files a resource with `for_each` has made: only those may it remove. */
export type Ledger = {
  /** Paths. */
  readonly files: ReadonlySet<string>
  /** Makes it that. */
  write(files: ReadonlySet<string>): Promise<void>
  /** Why it would be forgotten by a restart; undefined: it would not. */
  readonly fault: string | undefined
}

const noteSchema = z.object({ v: z.literal(1), name: z.string(), files: z.array(z.string()) })

/**
 * The ledger of the resource `name`: a file in the folder of `--state`, or else a hidden one in `folder`, which is then
 * believed for that folder alone, because whoever may write there may have changed it.
 */
export async function ledgerOf(
  name: string,
  folder: string,
  state: string | undefined,
): Promise<Ledger> {
  const path =
    state === undefined ? hiddenOf(folder, name, 'files') : stateFile(state, `files ${name}`)
  const read = await readNote(path)
  const believed = (file: string) => state !== undefined || dirname(file) === folder
  let fault: string | undefined
  let files: ReadonlySet<string> = new Set(
    read?.name === name ? read.files.filter((file) => believed(file)) : [],
  )
  return {
    get files() {
      return files
    },
    get fault() {
      return fault
    },
    async write(wanted) {
      const same = wanted.size === files.size && wanted.isSubsetOf(files)
      if (same && fault === undefined) return
      files = new Set(wanted)
      try {
        await put(path, JSON.stringify({ v: 1, name, files: [...files].toSorted() }))
        fault = undefined
      } catch (error) {
        fault = messageOf(error)
      }
    },
  }
}

async function readNote(path: string) {
  try {
    return noteSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    // none, or one that nobody can read: the worst that follows is a file too many
    return undefined
  }
}
