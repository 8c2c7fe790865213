import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

import { messageOf, PortolanError } from '../../core/errors.ts'
import { type ComposeFile, readDocument, type Value } from './document.ts'
import { parseEnv } from './interpolate.ts'
import { entry, overlaid, text, texts } from './values.ts'

/** A project as its files together say it. */
export type ComposeProject = {
  readonly name: string
  readonly root: Value
  readonly files: readonly string[]
  readonly missing: ComposeFile['missing']
}

/** Compose's own order; the second list is laid over it when it is there. */
const usual = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']
const overrides = usual.map((name) => name.replace('.', '.override.'))

/** The files to read when none is named. Throws `bad-config` when there is none. */
export function usualFiles(folder: string): readonly string[] {
  const found = usual.find((name) => existsSync(join(folder, name)))
  if (found === undefined) {
    const names = usual.slice(0, 3).join(', ')
    throw new PortolanError(
      'bad-config',
      `no compose file in ${folder}: there is no ${names}; name it: portolan check FILE`,
    )
  }
  const over = overrides.find((name) => existsSync(join(folder, name)))
  return over === undefined ? [found] : [found, over]
}

/**
 * Reads `files`, later ones laid over earlier ones, and the `.env` beside the first; `env` wins over that. Rejects
 * `bad-config` for a file that can't be read, and `bad-value` for one that is no YAML.
 */
export async function readProject(
  files: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<ComposeProject> {
  const folder = dirname(resolve(files[0] ?? '.'))
  const beside = parseEnv(await readFile(join(folder, '.env'), 'utf8').catch(() => ''))
  const own = Object.entries(env).map(([name, value = '']): [string, string] => [name, value])
  const variables = new Map([...beside, ...own])
  let root: Value = { kind: 'map', entries: new Map(), at: { file: files[0] ?? '', line: 1 } }
  const missing: ComposeFile['missing'][number][] = []
  for (const file of files) {
    const read = readDocument(file, await contentOf(file), variables)
    root = overlaid(root, read.root)
    missing.push(...read.missing)
  }
  if (entry(root, 'services')?.kind !== 'map') {
    throw new PortolanError(
      'bad-value',
      `${files.join(', ')}: no services; is that a compose file?`,
    )
  }
  const name = variables.get('COMPOSE_PROJECT_NAME') || text(entry(root, 'name'))
  root = await withEnvFiles(root, folder)
  return { name: name ?? projectName(folder), root, files, missing }
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new PortolanError('bad-config', `${messageOf(cause)}; name a file that can be read`)
  }
}

/** Compose's rule: lower case, and nothing but letters, digits, `-` and `_`. */
function projectName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '')
  return name.replace(/^[-_]+/, '') || 'default'
}

/** Variables of `env_file` lie under those of `environment`; a file that is not there is Compose's business. */
async function withEnvFiles(root: Value, folder: string): Promise<Value> {
  const services = entry(root, 'services')
  if (root.kind !== 'map' || services?.kind !== 'map') return root
  const next = new Map<string, Value>()
  for (const [name, service] of services.entries) {
    next.set(name, await withEnvFile(service, folder))
  }
  const entries = new Map(root.entries).set('services', { ...services, entries: next })
  return { ...root, entries }
}

async function withEnvFile(service: Value, folder: string): Promise<Value> {
  const named = entry(service, 'env_file')
  if (!named || service.kind !== 'map') return service
  const long = named.kind === 'list' ? named.items.map((one) => text(entry(one, 'path'))) : []
  const paths = [...texts(named).map((one) => one.text), ...long.flatMap((one) => one ?? [])]
  const variables = new Map<string, Value>()
  for (const path of paths) {
    const content = await readFile(resolve(folder, path), 'utf8').catch(() => '')
    for (const [name, value] of parseEnv(content)) {
      variables.set(name, { kind: 'text', text: value, at: named.at })
    }
  }
  const from: Value = { kind: 'map', entries: variables, at: named.at }
  const environment = entry(service, 'environment')
  const all = environment ? overlaid(from, environment, 'environment') : from
  return { ...service, entries: new Map(service.entries).set('environment', all) }
}
