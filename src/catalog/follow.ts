import type { Catalog } from '../core/catalog.ts'
import type { Definition } from '../core/definition.ts'
import { inTurns } from '../core/in-turns.ts'
import type { Instance } from '../core/instance.ts'
import { instanceKey, ownDefinitionsPrefix, ownInstancesPrefix, type Stored } from '../core/keys.ts'
import { type Live, live } from '../core/live.ts'
import type { Problem } from '../core/problems.ts'
import type { Mirror } from '../store/mirror.ts'
import type { Entry } from '../store/store.ts'
import { doubtful, type Doubts } from './doubt.ts'
import { LentInstances } from './lent.ts'
import { lostNodes } from './lost-nodes.ts'
import { ownEntries, type OwnPart } from './own-part.ts'
import { ServiceIndex } from './services.ts'
import { type ReadEntry, StoredEntries } from './stored.ts'

export type CatalogOptions = {
  readonly prefix: string
  readonly own: Live<OwnPart | undefined>
  /** False for a process that registers nothing: then `own` stays undefined, and is not waited for. */
  readonly registers: boolean
  readonly mirror: Pick<Mirror, 'entries' | 'follow'>
  /** Entries of an earlier run, until the store has been read. */
  readonly saved: ReadonlyMap<string, Entry> | undefined
  readonly probe: (instance: Instance, signal: AbortSignal) => Promise<boolean>
  /** How long a node that is lost may be doubted: twice the lease. */
  readonly doubtMs: number
  readonly report: (part: string, problems: readonly Problem[]) => void
}

/**
 * Joins this node's instances, straight from its registrator, with the other nodes' in the store. Local routing
 * never waits for the store; the own node's entries there count only while Docker has not been read.
 */
export class CatalogFollower {
  /** Undefined until Docker or the store has been read. */
  readonly catalog: Live<Catalog | undefined>
  private readonly options: CatalogOptions
  private readonly published = live<Catalog | undefined>(undefined)
  private readonly stored: StoredEntries
  private readonly index = new ServiceIndex()
  private readonly lost = lostNodes()
  private readonly lent: LentInstances
  private storeRead = false

  constructor(options: CatalogOptions) {
    const { prefix } = options
    this.options = options
    this.catalog = this.published
    this.stored = new StoredEntries(prefix)
    this.lent = new LentInstances(prefix, (key, instance) => this.index.set(key, instance))
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.followOwn(signal), this.followStore(signal)])
  }

  private async followOwn(signal: AbortSignal): Promise<void> {
    const { prefix, own } = this.options
    const entries = ownEntries(prefix, this.lent)
    let first = true
    for await (const part of own.changes(signal)) {
      if (!part) continue
      entries.take(part)
      if (first) entries.dropOthers((key) => this.isOwn(key))
      first = false
      this.publish()
    }
  }

  private async followStore(signal: AbortSignal): Promise<void> {
    const { mirror, saved, doubtMs } = this.options
    const doubts = doubtful(
      {
        probe: (instance, until) => this.probe(instance, until),
        limitMs: doubtMs,
        drop: (key) => this.dropDoubted(key),
      },
      signal,
    )
    const read = ([key, entry]: readonly [string, Entry | undefined]) =>
      this.stored.read(key, entry)
    for (const one of await inTurns(saved ?? [], read)) this.take(one, doubts)
    if (saved) this.publish()
    for await (const changed of mirror.follow(signal)) {
      const all = this.storeRead ? changed : new Set([...changed, ...(saved?.keys() ?? [])])
      // all of one revision, whatever comes meanwhile
      const entries = nodesFirst(all).map((key) => [key, mirror.entries.get(key)] as const)
      const news = await inTurns(entries, read)
      this.storeRead = true
      for (const one of news) this.take(one, doubts)
      this.publish()
    }
  }

  private take(one: ReadEntry, doubts: Doubts): void {
    const { key } = one
    const { stored } = this
    const before = stored.update(one)
    if (before?.kind === 'node') this.lost.was(before.node)
    if (this.isOwn(key)) return
    const definition = stored.definition(key)
    if (definition || before?.kind === 'definition') this.takeDefinition(key, definition, before)
    else this.takeInstance(key, before, doubts)
  }

  /** What a lost node defines holds for as long as an instance of its is doubted: its routes may be among those. */
  private takeDefinition(
    key: string,
    definition: Definition | undefined,
    before: Stored | undefined,
  ): void {
    const { lost, lent, stored } = this
    lost.settleDefinition(key)
    const isLost = before?.kind === 'definition' && !stored.hasNode(before.definition.node)
    if (!definition && isLost) lost.keepDefinition(key, before.definition)
    else lent.define(key, definition)
  }

  private takeInstance(key: string, before: Stored | undefined, doubts: Doubts): void {
    const { lost, lent, stored } = this
    const instance = stored.instance(key)
    if (instance || before?.kind !== 'instance' || stored.hasNode(before.instance.node)) {
      doubts.settle(key)
      lost.settle(key)
      lent.set(key, instance)
    } else {
      lost.keep(key, before.instance)
      doubts.keep(key, before.instance)
    }
  }

  /** A node that was given another name leaves nothing to doubt: its containers are there already. */
  private async probe(instance: Instance, signal: AbortSignal): Promise<boolean> {
    const { prefix, probe } = this.options
    if (this.index.hasTwin(instanceKey(prefix, instance), instance)) return false
    return probe(instance, signal)
  }

  private dropDoubted(key: string): void {
    this.lost.settle(key)
    // Docker has been read since: it knows better
    if (this.isOwn(key)) return
    this.lent.set(key, undefined)
    this.publish()
  }

  private isOwn(key: string): boolean {
    const { prefix, own } = this.options
    if (!own.current) return false
    const { node } = own.current
    return (
      key.startsWith(ownInstancesPrefix(prefix, node)) ||
      key.startsWith(ownDefinitionsPrefix(prefix, node))
    )
  }

  /** What this node wrote comes back from the store, and is no news: then the catalog stays the same object. */
  private publish(): void {
    const { stored, index, lost, lent, published } = this
    const { own, registers, saved, report } = this.options
    for (const key of lost.settledDefinitions()) lent.define(key, undefined)
    report('catalog', [...stored.problems(), ...lent.problems()])
    const { current } = published
    const now = {
      complete:
        (own.current !== undefined || !registers) && (this.storeRead || saved !== undefined),
      services: index.services(),
      routes: stored.routes(),
      nodes: lost.joinedTo(stored.nodes()),
    }
    const same =
      current?.complete === now.complete &&
      current.services === now.services &&
      current.routes === now.routes &&
      current.nodes === now.nodes
    if (!same) published.set({ revision: (current?.revision ?? 0) + 1, ...now })
  }
}

/** Nodes before their instances: whether a node is there decides whether its vanished instances are doubted. */
function nodesFirst(keys: ReadonlySet<string>): string[] {
  const isNode = (key: string) => (key.includes('/nodes/') ? 0 : 1)
  return [...keys].toSorted((a, b) => isNode(a) - isNode(b))
}
