import { posix } from 'node:path'

import { compare } from '../core/catalog.ts'
import { PortolanError } from '../core/errors.ts'
import type { Entry } from '../store/store.ts'
import { baseOf } from './functions/text.ts'
import { globPattern } from './glob.ts'
import { covers, type KeysRead } from './reads.ts'
import type { Resource } from './resource.ts'

/** Keys, as templates see them, and their values. */
export type Pairs = ReadonlyMap<string, string>
export type Pair = { readonly Key: string; readonly Value: string }

/** What `resource` may read of `sources`, its prefix taken off. */
export function pairsOf(
  { keys, prefix }: Pick<Resource, 'keys' | 'prefix'>,
  sources: readonly ReadonlyMap<string, Entry>[],
): Pairs {
  const pairs = new Map<string, string>()
  for (const entries of sources) {
    for (const [key, { value }] of entries) {
      if (keys.some((named) => covers(named, key))) {
        pairs.set(key.slice(prefix.length) || '/', value)
      }
    }
  }
  return pairs
}

/** confd's functions over `pairs`, under its names, with its order of arguments and of results. */
export function kvFunctions(pairs: Pairs, read: KeysRead) {
  const valueOf = (key: string) => {
    read.exact.add(key)
    return pairs.get(key)
  }
  const get = (key: string): Pair => {
    const value = valueOf(key)
    if (value !== undefined) return { Key: key, Value: value }
    throw new PortolanError(
      'template',
      `key ${JSON.stringify(key)} does not exist; put it into the store, list it in keys, ` +
        `or give a default: getv(${JSON.stringify(key)}, "...")`,
    )
  }
  const gets = (pattern: string): Pair[] => {
    const glob = globPattern(pattern)
    read.globs.add(pattern)
    return [...pairs]
      .filter(([key]) => glob.test(key))
      .map(([Key, Value]) => ({ Key, Value }))
      .toSorted((a, b) => compare(a.Key, b.Key))
  }
  return {
    get,
    gets,
    getv: (key: string, fallback?: string) =>
      fallback === undefined ? get(key).Value : (valueOf(key) ?? fallback),
    getvs: (pattern: string) =>
      gets(pattern)
        .map(({ Value }) => Value)
        .toSorted(compare),
    exists: (key: string) => valueOf(key) !== undefined,
    ls: (path: string) => children(pairs, rootOf(path, read), () => true),
    lsdir: (path: string) => children(pairs, rootOf(path, read), (below) => below.length > 1),
  }
}

function rootOf(path: string, read: KeysRead): string {
  const root = posix.join('/', path).replace(/(?<=.)\/$/, '')
  read.folders.add(root)
  return root
}

/** Sorted names right below `root` whose terms `wanted` accepts; a key itself counts as its own child. */
function children(pairs: Pairs, root: string, wanted: (below: string[]) => boolean): string[] {
  const names = new Set<string>()
  for (const key of pairs.keys()) {
    if (!covers(root, key)) continue
    const below =
      key === root ? [baseOf(key)] : key.slice(root === '/' ? 1 : root.length + 1).split('/')
    const [name = ''] = below
    if (wanted(below)) names.add(name)
  }
  return [...names].toSorted(compare)
}
