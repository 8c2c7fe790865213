import { posix } from 'node:path'

import { compare } from '../core/catalog.ts'
import { PortolanError } from '../core/errors.ts'
import type { Entry } from '../store/store.ts'
import { globPattern } from './glob.ts'
import type { Resource } from './resource.ts'
import { baseOf } from './text.ts'

/** Keys, as templates see them, and their values. */
export type Pairs = ReadonlyMap<string, string>
export type Pair = { readonly Key: string; readonly Value: string }

/** Whether `key` is `named` or stands below it: `/web` does not cover `/website`. */
export function covers(named: string, key: string): boolean {
  return named === '/' || key === named || key.startsWith(`${named}/`)
}

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
export function kvFunctions(pairs: Pairs) {
  const get = (key: string): Pair => {
    const value = pairs.get(key)
    if (value !== undefined) return { Key: key, Value: value }
    throw new PortolanError(
      'template',
      `key ${JSON.stringify(key)} does not exist; put it into the store, list it in keys, ` +
        `or give a default: getv(${JSON.stringify(key)}, "...")`,
    )
  }
  const gets = (pattern: string): Pair[] => {
    const glob = globPattern(pattern)
    return [...pairs]
      .filter(([key]) => glob.test(key))
      .map(([Key, Value]) => ({ Key, Value }))
      .toSorted((a, b) => compare(a.Key, b.Key))
  }
  return {
    get,
    gets,
    getv: (key: string, fallback?: string) =>
      fallback === undefined ? get(key).Value : (pairs.get(key) ?? fallback),
    getvs: (pattern: string) =>
      gets(pattern)
        .map(({ Value }) => Value)
        .toSorted(compare),
    exists: (key: string) => pairs.has(key),
    ls: (path: string) => children(pairs, path, () => true),
    lsdir: (path: string) => children(pairs, path, (below) => below.length > 1),
  }
}

/** Sorted names right below `path` whose terms `wanted` accepts; a key itself counts as its own child. */
function children(pairs: Pairs, path: string, wanted: (below: string[]) => boolean): string[] {
  const root = posix.join('/', path).replace(/(?<=.)\/$/, '')
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
