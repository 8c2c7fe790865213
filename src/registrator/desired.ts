import type { Instance } from '../core/instance.ts'
import {
  definitionKey,
  instanceKey,
  type NodeRecord,
  nodeKey,
  ownDefinitionsPrefix,
  ownInstancesPrefix,
} from '../core/keys.ts'
import type { Change, Entry } from '../store/store.ts'
import type { Own } from './own.ts'

/** Every entry that this node ought to have, by key; `group` keeps one container's edits in one transaction. */
export type Desired = ReadonlyMap<string, { readonly value: string; readonly group: string }>

export function desiredEntries(
  prefix: string,
  record: NodeRecord,
  own: Own,
  textOf: (instance: Instance) => string = JSON.stringify,
): Desired {
  const desired = new Map([
    [nodeKey(prefix, record.node), { value: JSON.stringify(record), group: '' }],
  ])
  for (const [index, instance] of own.instances.entries()) {
    const group = instance.container
    desired.set(instanceKey(prefix, instance), { value: textOf(instance), group })
    const plain = own.plain[index]
    if (plain) desired.set(plain[0], { value: plain[1], group })
  }
  for (const definition of own.definitions) {
    const value = JSON.stringify(definition)
    desired.set(definitionKey(prefix, definition), { value, group: definition.container })
  }
  return desired
}

/** JSON of instances that is made once for each: of many, a change touches one. */
export function instanceTexts(): (instance: Instance) => string {
  const texts = new WeakMap<Instance, string>()
  return (instance) => texts.getOrInsertComputed(instance, () => JSON.stringify(instance))
}

export type Actual = {
  /** All entries under our prefix. */
  readonly entries: ReadonlyMap<string, Entry>
  /** All entries of the plain tree; empty when it is not written. */
  readonly plain: ReadonlyMap<string, Entry>
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
  const under = [ownInstancesPrefix(prefix, node), ownDefinitionsPrefix(prefix, node)]
  const own = new Map<string, Entry>()
  for (const [key, entry] of actual.entries) {
    if (under.some((start) => key.startsWith(start))) own.set(key, entry)
  }
  const record = actual.entries.get(nodeKey(prefix, node))
  if (record) own.set(nodeKey(prefix, node), record)
  const leases = new Set([...known, ...[...own.values()].map((entry) => entry.lease)])
  leases.delete('')
  const foreign = new Set<string>()
  for (const [key, entry] of actual.plain) {
    if (leases.has(entry.lease)) own.set(key, entry)
    else foreign.add(key)
  }
  return { own, foreign, leases: [...leases].slice(-mostLeases) }
}

/** Edits by container; `before` knows whose keys were that are no longer desired. */
export function byContainer(
  changes: readonly Change[],
  desired: Desired,
  before: Desired,
): Iterable<readonly Change[]> {
  const group = ({ key }: Change) => desired.get(key)?.group ?? before.get(key)?.group ?? key
  return Map.groupBy(changes, group).values()
}
