import { messageOf, PortolanError } from '../core/errors.ts'
import type { Claims, Owner } from './claims.ts'
import { type Each, pathIn } from './each.ts'
import type { Item } from './job.ts'

/** The files that the items of one resource are to be. */
export type Arranged = {
  /** By path. */
  readonly files: ReadonlyMap<string, Buffer>
  /** By path, or by what is known of the item; their last good files stay. */
  readonly faults: ReadonlyMap<string, unknown>
  /** Ours that nobody wants any more. Empty if an item's path is not known: it may be any of them. */
  readonly gone: readonly string[]
}

type Options = {
  readonly resource: { readonly dest: string; readonly each: Each }
  /** Those that we have made. */
  readonly ours: ReadonlySet<string>
  readonly claims: Claims
  readonly owner: Owner
}

/** Sorts out which items get a file. Two with the same path get none, and none that another resource has. */
export function arrange(items: readonly Item[], options: Options): Arranged {
  const { resource, ours, claims, owner } = options
  const { folder } = resource.each
  const files = new Map<string, Buffer>()
  const faults = new Map<string, unknown>()
  const byPath = new Map<string, Item[]>()
  let unsure = false
  for (const item of items) {
    if (item.name === undefined) {
      unsure = true
      faults.set(item.label, new PortolanError('template', item.fault ?? 'it has no name'))
      continue
    }
    try {
      const path = pathIn(folder, item.name, resource.dest)
      byPath.set(path, [...(byPath.get(path) ?? []), item])
    } catch (error) {
      faults.set(item.label, error)
    }
  }
  for (const [path, [first, ...others]] of byPath) {
    const other = claims.otherOf(path, owner)
    if (!first) continue
    if (others.length > 0) faults.set(path, sameName([first, ...others]))
    else if (other !== undefined) faults.set(path, taken(other))
    else if (first.content === undefined) {
      faults.set(path, new PortolanError('template', first.fault ?? 'it has no content'))
    } else files.set(path, Buffer.from(first.content))
  }
  for (const path of byPath.keys()) {
    if (claims.otherOf(path, owner) === undefined) claims.take(path, owner)
  }
  const unwanted = [...ours].filter((path) => !byPath.has(path))
  const mayGo = (path: string) => claims.otherOf(path, owner) === undefined
  return { files, faults, gone: unsure ? [] : unwanted.filter(mayGo) }
}

function sameName(items: readonly Item[]): PortolanError {
  const some = items.slice(0, 5).map(({ label }) => label)
  return new PortolanError(
    'template',
    `${some.join(' and ')} of for_each have this dest; put into it what tells them apart`,
  )
}

function taken(other: string): PortolanError {
  return new PortolanError(
    'template',
    `this dest is that of resource ${other} already; give one of them another dest`,
  )
}

/** All of `faults` in a few words. */
export function summaryOf(faults: ReadonlyMap<string, unknown>): string {
  const [first] = faults
  if (!first) return ''
  const [where, error] = first
  const more = faults.size > 1 ? ` (and ${faults.size - 1} more of its files)` : ''
  return `${where}: ${messageOf(error)}${more}`
}
