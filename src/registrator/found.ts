import { nodeKey, ownDefinitionsPrefix, ownInstancesPrefix } from '../core/keys.ts'
import type { Entry } from '../store/store.ts'

export type Actual = {
  /** All entries under our prefix. */
  readonly entries: ReadonlyMap<string, Entry>
  /** All entries of the plain tree; empty when it is not written. */
  readonly plain: ReadonlyMap<string, Entry>
}

/** Whether a key under our prefix is this node's, whoever wrote it. */
export function ownKeys(prefix: string, node: string): (key: string) => boolean {
  const instances = ownInstancesPrefix(prefix, node)
  const definitions = ownDefinitionsPrefix(prefix, node)
  const record = nodeKey(prefix, node)
  return (key) => key.startsWith(instances) || key.startsWith(definitions) || key === record
}

/** So many leases are remembered; one is lost seldom, and what hangs on it ends with its time. */
const mostLeases = 100

/**
 * The entries that are this node's: those under its own prefix, and those of the plain tree that hang on a lease of
 * this node: one of `known`, or one that its own entries hang on. So nobody else's key is ever touched there, whatever
 * it is called. `foreign` are keys of the plain tree that somebody else holds; `leases` is to be `known` the next
 * time, since the two trees are not read at one moment, and a store that is restored brings old leases back.
 */
export function ownEntries(prefix: string, node: string, known: Iterable<string>, actual: Actual) {
  const isOwn = ownKeys(prefix, node)
  const own = new Map<string, Entry>()
  for (const [key, entry] of actual.entries) if (isOwn(key)) own.set(key, entry)
  const leases = new Set([...known, ...[...own.values()].map((entry) => entry.lease)])
  leases.delete('')
  const foreign = new Set<string>()
  for (const [key, entry] of actual.plain) {
    if (leases.has(entry.lease)) own.set(key, entry)
    else foreign.add(key)
  }
  return { own, foreign, leases: [...leases].slice(-mostLeases) }
}
