import { existsSync } from 'node:fs'
import { constants, copyFile, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { compare } from '../core/catalog.ts'
import { messageOf, PortolanError } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'
import type { Out } from './out.ts'

const library = fileURLToPath(new URL('../../templates/', import.meta.url))

/** Where the files go, below the working directory. */
const project = 'portolan'

type Copy = { readonly from: string; readonly to: string }

/**
 * Copies the library's template `name` into `./portolan`, and prints what it reads and a compose file; without a name
 * it lists all. Throws `bad-config` for a name that there isn't, and if one of its files is there already: then it
 * copies none.
 */
export async function init({ name }: { readonly name: string }, out: Out): Promise<number> {
  const names = await namesOf()
  if (name === '') {
    out.write(names.map((one) => `${one}\n`).join(''))
    return 0
  }
  if (!names.includes(name)) {
    const near = didYouMean(name, names)
    const what = `there is no template ${JSON.stringify(name)}${near}`
    throw new PortolanError('bad-config', `${what}; portolan init lists them`)
  }
  const copies = await copiesOf(name)
  // all are looked at before one is written, so that nothing is left by halves
  const taken = copies.find(({ to }) => existsSync(to))
  if (taken) throw isThere(taken.to)
  for (const copy of copies) await copied(copy)
  out.write(copies.map(({ to }) => `wrote ${to}\n`).join(''))
  out.write(`\n${await readFile(join(library, name, 'README.md'), 'utf8')}`)
  return 0
}

async function namesOf(): Promise<string[]> {
  const entries = await readdir(library, { withFileTypes: true })
  return entries.flatMap((one) => (one.isDirectory() ? [one.name] : [])).toSorted()
}

/** Resources last: a Portolan that watches the folder never sees one without its template. */
async function copiesOf(name: string): Promise<Copy[]> {
  const files = (await readdir(join(library, name))).filter((file) => file !== 'README.md')
  const copies = files.map((file) => ({
    from: join(library, name, file),
    to: join(project, folderOf(file, name), file),
  }))
  return copies.toSorted((a, b) => rankOf(a) - rankOf(b) || compare(a.to, b.to))
}

/** What Portolan doesn't read itself, such as a script of the program's, goes into a folder of the template's name. */
function folderOf(file: string, name: string): string {
  if (file.endsWith('.toml')) return 'conf.d'
  return file.endsWith('.njk') ? 'templates' : name
}

function rankOf({ from }: Copy): number {
  return from.endsWith('.toml') ? 1 : 0
}

/** Never overwrites, even what has come just now. */
async function copied({ from, to }: Copy): Promise<void> {
  try {
    await mkdir(join(to, '..'), { recursive: true })
    await copyFile(from, to, constants.COPYFILE_EXCL)
  } catch (cause) {
    throw new PortolanError('bad-config', `${messageOf(cause)}; let us write to ${to}`, { cause })
  }
}

function isThere(path: string): PortolanError {
  return new PortolanError('bad-config', `${path} is there already; move it away, or keep it`)
}
