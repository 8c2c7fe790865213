import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { errnoOf, messageOf } from '../core/errors.ts'
import type { Problem } from '../core/problems.ts'
import { parseResources, type Resource } from './resource.ts'

/** What a configuration folder says now. */
export type Scan = {
  /** By name, sorted; `source` is the file's text, to see whether it changed. */
  readonly resources: ReadonlyMap<string, { readonly source: string; readonly resource: Resource }>
  readonly problems: readonly Problem[]
}

export const templatesOf = (folder: string) => join(folder, 'templates')

/** Reads all of `conf.d`. A bad file is a problem of that file alone; a missing folder is one, too. */
export async function scanFolder(folder: string): Promise<Scan> {
  const resources = new Map<string, { source: string; resource: Resource }>()
  const problems: Problem[] = []
  const owners = new Map<string, string>()
  const root = join(folder, 'conf.d')
  for (const name of await resourceFiles(root, problems)) {
    try {
      const source = await readFile(join(root, name), 'utf8')
      for (const parsed of parseResources(name, source)) {
        if ('fault' in parsed) {
          problems.push(unreadable(name, parsed.fault))
          continue
        }
        const { resource, warnings } = parsed
        problems.push(...warnings)
        const owner = owners.get(resource.dest)
        if (owner === undefined) {
          owners.set(resource.dest, resource.name)
          resources.set(resource.name, { source, resource })
        } else problems.push(sameDest(resource, owner))
      }
    } catch (error) {
      // between listing and reading it may have gone
      if (errnoOf(error) !== 'ENOENT') problems.push(unreadable(name, error))
    }
  }
  return { resources, problems }
}

async function resourceFiles(root: string, problems: Problem[]): Promise<string[]> {
  try {
    const files = await readdir(root, { recursive: true })
    return files.filter((file) => /(^|\/)[^./][^/]*\.toml$/.test(file)).toSorted()
  } catch (error) {
    problems.push({
      severity: 'error',
      where: 'setting --confd',
      what: `${root} cannot be read`,
      why: messageOf(error),
      remedy: 'make that folder, or name the one that has conf.d and templates in it',
    })
    return []
  }
}

function unreadable(name: string, error: unknown): Problem {
  return {
    severity: 'error',
    where: `resource ${name}`,
    what: messageOf(error),
    why: 'the file cannot be used',
    remedy: 'correct it: it is read again at once',
  }
}

function sameDest({ name, dest }: Resource, owner: string): Problem {
  return {
    severity: 'error',
    where: `resource ${name}`,
    what: `dest ${dest} is that of ${owner} already; ${name} is not used`,
    why: 'two resources would write over each other',
    remedy: 'give one of them another dest',
  }
}
