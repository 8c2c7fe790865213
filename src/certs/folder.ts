import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { errnoOf, PortolanError } from '../core/errors.ts'
import { type Pem, withIssuers } from './read.ts'

/** Where one certificate lies. `key` may be the same file; `issuers` is nginx-proxy's `name.chain.pem`. */
export type Files = {
  readonly name: string
  readonly chain: string
  readonly key: string | undefined
  readonly issuers: string | undefined
}

/** In a folder of its own: as certbot writes it, as acme.sh and acme-companion do, as Kubernetes does. */
const pairs = [
  ['fullchain.pem', 'privkey.pem'],
  ['fullchain.pem', 'key.pem'],
  ['tls.crt', 'tls.key'],
] as const

/**
 * What lies in `folder`: `name.crt` and `name.key`, `name.pem` with both in it or a `name.key` beside it, and pairs in
 * folders that are called as they. Rejects when the folder can't be read.
 */
export async function filesIn(folder: string): Promise<readonly Files[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = new Set(entries.map(({ name }) => name))
  const found = new Map<string, Files>()
  const add = (files: Files) => {
    if (!found.has(files.name)) found.set(files.name, files)
  }
  for (const file of [...names].toSorted()) {
    const files = filesNamed(folder, file, names)
    if (files) add(files)
  }
  for (const entry of entries) {
    if (!entry.isDirectory() && !entry.isSymbolicLink()) continue
    const inside = await namesIn(join(folder, entry.name))
    const pair = pairs.find((both) => both.every((name) => inside.has(name)))
    if (!pair) continue
    const [chain, key] = pair.map((name) => join(folder, entry.name, name))
    if (chain !== undefined) add({ name: entry.name, chain, key, issuers: undefined })
  }
  return [...found.values()]
}

/** What changes when one of the files does; links are followed. */
export async function signatureOf({ chain, key, issuers }: Files): Promise<string> {
  const all = [chain, key, issuers].filter((path) => path !== undefined)
  const parts = await Promise.all(all.map(async (path) => [path, await traitsOf(path)]))
  return JSON.stringify(parts)
}

/**
 * Undefined for what is not meant for us, such as an authority's `ca.pem`. Throws `bad-value` for a file that can't be
 * read, or a pair of which one is missing.
 */
export async function readFiles({ chain, key, issuers }: Files): Promise<Pem | undefined> {
  const text = await textOf(chain)
  if (key === undefined && !text.includes('PRIVATE KEY-----')) {
    if (chain.endsWith('.pem')) return undefined
    const wanted = chain.replace(/\.[^.]*$/, '.key')
    throw new PortolanError('bad-value', `its key is missing; put it beside it as ${wanted}`)
  }
  const more = issuers === undefined ? '' : await textOf(issuers)
  return {
    chain: withIssuers(certificatesIn(text), more),
    key: key === undefined ? text : await textOf(key),
  }
}

function filesNamed(folder: string, file: string, names: ReadonlySet<string>): Files | undefined {
  const [, name = '', ending = ''] = /^(.+)\.(crt|pem)$/.exec(file) ?? []
  // beside a certificate lie parameters and issuers, which are none
  if (ending === '' || /^dhparam$|\.(dhparam|chain)$/.test(name)) return undefined
  const path = (wanted: string) => (names.has(wanted) ? join(folder, wanted) : undefined)
  const key = path(`${name}.key`)
  return { name, chain: join(folder, file), key, issuers: path(`${name}.chain.pem`) }
}

async function namesIn(folder: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(folder))
  } catch {
    return new Set()
  }
}

async function traitsOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true })
    return `${ino} ${size} ${mtimeNs}`
  } catch (error) {
    return errnoOf(error) ?? 'unreadable'
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const why =
      errnoOf(cause) === 'ENOENT' ? 'is missing, or a link that leads nowhere' : 'can not be read'
    const remedy = 'mount the folder that the links lead to as well, and let us read it'
    throw new PortolanError('bad-value', `${path} ${why}; ${remedy}`, { cause })
  }
}

/** Without the key, which may stand in the same file. */
function certificatesIn(text: string): string {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g)
  return blocks ? `${blocks.join('\n')}\n` : text
}
