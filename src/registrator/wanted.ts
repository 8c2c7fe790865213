import { compare } from '../core/catalog.ts'
import type { Definition } from '../core/definition.ts'
import { listDifference } from '../core/difference.ts'
import type { Instance } from '../core/instance.ts'
import { definitionKey, instanceKey, type NodeRecord, nodeKey } from '../core/keys.ts'
import type { Own } from './own.ts'
import type { PlainEntry } from './plain.ts'

/** An entry that this node ought to have; `group` keeps one container's edits in one transaction. */
export type WantedEntry = { readonly value: string; readonly group: string }

export type WantedEntries = {
  /** By key. */
  readonly entries: ReadonlyMap<string, WantedEntry>
  /** Takes what is wanted now; of what is the same object as the last time nothing is done. Gives the keys touched. */
  take(own: Own): ReadonlySet<string>
  /** Whose key it is, or was until the last change. */
  readonly groupOf: (key: string) => string | undefined
}

type Claim = WantedEntry & { readonly owner: Instance | Definition }

/** All entries of a node, kept from one change to the next: a change costs what changed, not what there is. */
export function wantedEntries(prefix: string, record: NodeRecord): WantedEntries {
  const entries = new Map<string, WantedEntry>()
  /** All who want a key that several want. */
  const rivals = new Map<string, readonly Claim[]>()
  const claims = new Map<string, Claim>()
  const plainOf = new Map<Instance, PlainEntry>()
  let touched = new Set<string>()
  let goneGroups = new Map<string, string>()
  let last: Pick<Own, 'instances' | 'definitions'> = { instances: [], definitions: [] }
  entries.set(nodeKey(prefix, record.node), { value: JSON.stringify(record), group: '' })

  function settle(key: string, all: readonly Claim[]): void {
    touched.add(key)
    const winner = all.toSorted(byGroup).at(-1)
    if (all.length > 1) rivals.set(key, all)
    else rivals.delete(key)
    if (winner) {
      claims.set(key, winner)
      entries.set(key, winner)
    } else {
      goneGroups.set(key, entries.get(key)?.group ?? '')
      claims.delete(key)
      entries.delete(key)
    }
  }

  function claimsOf(key: string): readonly Claim[] {
    const only = claims.get(key)
    return rivals.get(key) ?? (only ? [only] : [])
  }

  const want = (key: string, owner: Claim['owner'], value: string) =>
    settle(key, [...claimsOf(key), { owner, value, group: owner.container }])
  const drop = (key: string, owner: Claim['owner']) =>
    settle(
      key,
      claimsOf(key).filter((one) => one.owner !== owner),
    )

  function takeInstances(own: Own): void {
    const { come, gone } = listDifference(last.instances, own.instances)
    for (const one of gone) {
      const plain = plainOf.get(one)
      plainOf.delete(one)
      drop(instanceKey(prefix, one), one)
      if (plain) drop(plain[0], one)
    }
    for (const [one, at] of come) {
      const plain = own.plain[at]
      if (plain) plainOf.set(one, plain)
      want(instanceKey(prefix, one), one, JSON.stringify(one))
      if (plain) want(plain[0], one, plain[1])
    }
  }

  function takeDefinitions(own: Own): void {
    const { come, gone } = listDifference(last.definitions, own.definitions)
    for (const one of gone) drop(definitionKey(prefix, one), one)
    for (const one of come.keys()) want(definitionKey(prefix, one), one, JSON.stringify(one))
  }

  return {
    entries,
    take(own) {
      touched = new Set()
      if (own === last) return touched
      goneGroups = new Map()
      takeInstances(own)
      takeDefinitions(own)
      last = own
      return touched
    },
    groupOf: (key) => entries.get(key)?.group ?? goneGroups.get(key),
  }
}

/** Of several containers that want one key the same one has it in each process: the last by id. */
function byGroup(a: Claim, b: Claim): number {
  return compare(a.group, b.group) || compare(a.value, b.value)
}
