import { compare } from '../core/catalog.ts'
import type { Change, Entry } from './store.ts'

/** What one transaction may hold: etcd takes 128 changes and 1.5 MiB by default. */
export const mostChanges = 100
const mostCharacters = 400_000

/**
 * The fewest edits that turn `actual` into `desired` under `lease`, in key order; empty when they agree. An equal
 * value that hangs on another lease is put again, since it would vanish with that one.
 */
export function plan(
  actual: ReadonlyMap<string, Entry>,
  desired: ReadonlyMap<string, string>,
  lease: string,
): Change[] {
  const changes: Change[] = []
  for (const key of actual.keys()) if (!desired.has(key)) changes.push({ kind: 'delete', key })
  for (const [key, value] of desired) {
    const entry = actual.get(key)
    if (entry?.value === value && entry.lease === lease) continue
    changes.push({ kind: 'put', key, value })
  }
  return changes.toSorted((a, b) => compare(a.key, b.key))
}

/**
 * `groups` in their order, in pieces that fit one transaction each. A group is split only when it fits none, so
 * that what belongs together is seen together.
 */
export function transactions(groups: Iterable<readonly Change[]>): Change[][] {
  const pieces: Change[][] = []
  let piece: Change[] = []
  let room = 0
  const add = (changes: readonly Change[], size: number) => {
    if (pieces.length === 0 || piece.length + changes.length > mostChanges || size > room) {
      piece = []
      pieces.push(piece)
      room = mostCharacters
    }
    piece.push(...changes)
    room -= size
  }
  for (const group of groups) {
    const size = group.reduce((sum, change) => sum + sizeOf(change), 0)
    const fits = group.length <= mostChanges && size <= mostCharacters
    if (fits) add(group, size)
    else for (const change of group) add([change], sizeOf(change))
  }
  return pieces
}

function sizeOf(change: Change): number {
  return change.key.length + (change.kind === 'put' ? change.value.length : 0)
}
