import { compare } from '../core/catalog.ts'
import type { Definition } from '../core/definition.ts'
import { listDifference } from '../core/difference.ts'
import type { Instance } from '../core/instance.ts'
import { definitionKey, instanceKey, type NodeRecord, nodeKey } from '../core/keys.ts'
import type { Own } from './own.ts'
import type { PlainEntry } from './plain.ts'

/** An entry that this node ought to have; `group` keeps one container's edits in one transaction. */
export type WantedEntry = { readonly value: string; readonly group: string }

type Claim = WantedEntry & { readonly owner: Instance | Definition }

/** All entries of a node, kept from one change to the next: a change costs what changed, not what there is. */
export class WantedEntries {
  /** By key. */
  readonly entries: ReadonlyMap<string, WantedEntry>
  private readonly prefix: string
  private readonly won: Map<string, WantedEntry>
  /** All who want a key that several want. */
  private readonly rivals = new Map<string, readonly Claim[]>()
  private readonly claims = new Map<string, Claim>()
  private readonly plainOf = new Map<Instance, PlainEntry>()
  private touched = new Set<string>()
  private goneGroups = new Map<string, string>()
  private last: Pick<Own, 'instances' | 'definitions'> = { instances: [], definitions: [] }

  constructor(prefix: string, record: NodeRecord) {
    this.prefix = prefix
    const own = { value: JSON.stringify(record), group: '' }
    this.won = new Map([[nodeKey(prefix, record.node), own]])
    this.entries = this.won
  }

  /** Takes what is wanted now; of what is the same object as the last time nothing is done. Gives the keys touched. */
  take(own: Own): ReadonlySet<string> {
    this.touched = new Set()
    if (own === this.last) return this.touched
    this.goneGroups = new Map()
    this.takeInstances(own)
    this.takeDefinitions(own)
    this.last = own
    return this.touched
  }

  /** Whose key it is, or was until the last change. */
  groupOf(key: string): string | undefined {
    return this.won.get(key)?.group ?? this.goneGroups.get(key)
  }

  private takeInstances(own: Own): void {
    const { prefix, plainOf } = this
    const { come, gone } = listDifference(this.last.instances, own.instances)
    for (const one of gone) {
      const plain = plainOf.get(one)
      plainOf.delete(one)
      this.drop(instanceKey(prefix, one), one)
      if (plain) this.drop(plain[0], one)
    }
    for (const [one, at] of come) {
      const plain = own.plain[at]
      if (plain) plainOf.set(one, plain)
      this.want(instanceKey(prefix, one), one, JSON.stringify(one))
      if (plain) this.want(plain[0], one, plain[1])
    }
  }

  private takeDefinitions(own: Own): void {
    const { prefix } = this
    const { come, gone } = listDifference(this.last.definitions, own.definitions)
    for (const one of gone) this.drop(definitionKey(prefix, one), one)
    for (const one of come.keys()) this.want(definitionKey(prefix, one), one, JSON.stringify(one))
  }

  private want(key: string, owner: Claim['owner'], value: string): void {
    this.settle(key, [...this.claimsOf(key), { owner, value, group: owner.container }])
  }

  private drop(key: string, owner: Claim['owner']): void {
    const others = this.claimsOf(key).filter((one) => one.owner !== owner)
    this.settle(key, others)
  }

  private claimsOf(key: string): readonly Claim[] {
    const only = this.claims.get(key)
    return this.rivals.get(key) ?? (only ? [only] : [])
  }

  private settle(key: string, all: readonly Claim[]): void {
    const { won, rivals, claims } = this
    this.touched.add(key)
    const winner = all.toSorted(byGroup).at(-1)
    if (all.length > 1) rivals.set(key, all)
    else rivals.delete(key)
    if (winner) {
      claims.set(key, winner)
      won.set(key, winner)
    } else {
      this.goneGroups.set(key, won.get(key)?.group ?? '')
      claims.delete(key)
      won.delete(key)
    }
  }
}

/** Of several containers that want one key the same one has it in each process: the last by id. */
function byGroup(a: Claim, b: Claim): number {
  return compare(a.group, b.group) || compare(a.value, b.value)
}
