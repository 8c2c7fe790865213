import { type Catalog, findService } from '../core/catalog.ts'
import { globPattern } from './glob.ts'

/** Which keys a template has read: by name, by pattern, and as folders. */
export type KeysRead = {
  readonly exact: Set<string>
  readonly globs: Set<string>
  readonly folders: Set<string>
}

/** What a template has read of the catalog. */
export type CatalogRead = {
  asked: boolean
  /** Names that it gave to `service()`. */
  readonly names: Set<string>
  /** `services` or `instances`. */
  all: boolean
  nodes: boolean
}

export const noKeys = (): KeysRead => ({ exact: new Set(), globs: new Set(), folders: new Set() })

export const noCatalog = (): CatalogRead => ({
  asked: false,
  names: new Set(),
  all: false,
  nodes: false,
})

/** Whether `key` is `named` or stands below it: `/web` does not cover `/website`. */
export function covers(named: string, key: string): boolean {
  return named === '/' || key === named || key.startsWith(`${named}/`)
}

/** Whether a change of `key` may change what was rendered after `read`. */
export function touches({ exact, globs, folders }: KeysRead, key: string): boolean {
  return (
    exact.has(key) ||
    folders.values().some((folder) => covers(folder, key)) ||
    globs.values().some((glob) => globPattern(glob).test(key))
  )
}

/**
 * All of `catalog` that was read, as a list to compare: equal members mean that the same would be rendered.
 * Lists of services that nothing touched keep their identity.
 */
export function printOf(catalog: Catalog | undefined, read: CatalogRead): readonly unknown[] {
  if (!read.asked) return []
  if (!catalog) return [undefined]
  const { services, nodes } = catalog
  const named = [...read.names].flatMap((name) => {
    const found = findService(services, name)
    return 'id' in found ? [found.id, services.get(found.id)] : [found.error]
  })
  const all = read.all ? [...services].flat() : []
  const known = read.nodes ? [...nodes.values()].map((node) => JSON.stringify(node)) : []
  return [...named, ...all, ...known]
}

export function samePrint(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, index) => Object.is(one, b[index]))
}
