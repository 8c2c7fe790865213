import type { Catalog } from '../core/catalog.ts'
import type { Definition } from '../core/definition.ts'
import { inTurns } from '../core/in-turns.ts'
import type { Instance } from '../core/instance.ts'
import { instanceKey, ownDefinitionsPrefix, ownInstancesPrefix, type Stored } from '../core/keys.ts'
import { type Live, live } from '../core/live.ts'
import type { Problem } from '../core/problems.ts'
import type { Mirror } from '../store/mirror.ts'
import type { Entry } from '../store/store.ts'
import { doubtful } from './doubt.ts'
import { lentInstances } from './lent.ts'
import { lostNodes } from './lost-nodes.ts'
import { ownEntries, type OwnPart } from './own-part.ts'
import { serviceIndex } from './services.ts'
import { type ReadEntry, storedEntries } from './stored.ts'

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

export type CatalogFollower = {
  /** Undefined until Docker or the store has been read. */
  readonly catalog: Live<Catalog | undefined>
  run(signal: AbortSignal): Promise<void>
}

/**
 * Joins this node's instances, straight from its registrator, with the other nodes' in the store. Local routing
 * never waits for the store; the own node's entries there count only while Docker has not been read.
 */
export function createCatalog(options: CatalogOptions): CatalogFollower {
  const { prefix, own, registers, mirror, saved, report } = options
  const catalog = live<Catalog | undefined>(undefined)
  const stored = storedEntries(prefix)
  const index = serviceIndex()
  const lost = lostNodes()
  const lent = lentInstances(prefix, (key, instance) => index.set(key, instance))
  const ownPart = ownEntries(prefix, lent)
  let storeRead = false

  /** What this node wrote comes back from the store, and is no news: then the catalog stays the same object. */
  function publish(): void {
    for (const key of lost.settledDefinitions()) lent.define(key, undefined)
    report('catalog', [...stored.problems(), ...lent.problems()])
    const { current } = catalog
    const now = {
      complete: (own.current !== undefined || !registers) && (storeRead || saved !== undefined),
      services: index.services(),
      routes: stored.routes(),
      nodes: lost.joinedTo(stored.nodes()),
    }
    const same =
      current?.complete === now.complete &&
      current.services === now.services &&
      current.routes === now.routes &&
      current.nodes === now.nodes
    if (!same) catalog.set({ revision: (current?.revision ?? 0) + 1, ...now })
  }

  const isUnder = (start: typeof ownInstancesPrefix, key: string) =>
    own.current !== undefined && key.startsWith(start(prefix, own.current.node))
  const isOwn = (key: string) =>
    isUnder(ownInstancesPrefix, key) || isUnder(ownDefinitionsPrefix, key)

  async function followOwn(signal: AbortSignal): Promise<void> {
    let first = true
    for await (const part of own.changes(signal)) {
      if (!part) continue
      ownPart.take(part)
      if (first) ownPart.dropOthers(isOwn)
      first = false
      publish()
    }
  }

  /** What a lost node defines holds for as long as an instance of its is doubted: its routes may be among those. */
  function takeDefinition(key: string, definition: Definition | undefined, before?: Stored): void {
    lost.settleDefinition(key)
    const isLost = before?.kind === 'definition' && !stored.hasNode(before.definition.node)
    if (!definition && isLost) lost.keepDefinition(key, before.definition)
    else lent.define(key, definition)
  }

  async function followStore(signal: AbortSignal): Promise<void> {
    const doubts = doubtful({ probe, limitMs: options.doubtMs, drop: dropDoubted }, signal)
    const take = (one: ReadEntry) => {
      const { key } = one
      const before = stored.update(one)
      if (before?.kind === 'node') lost.was(before.node)
      if (isOwn(key)) return
      const definition = stored.definition(key)
      if (definition || before?.kind === 'definition')
        return takeDefinition(key, definition, before)
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
    const read = ([key, entry]: readonly [string, Entry | undefined]) => stored.read(key, entry)
    for (const one of await inTurns(saved ?? [], read)) take(one)
    if (saved) publish()
    for await (const changed of mirror.follow(signal)) {
      const all = storeRead ? changed : new Set([...changed, ...(saved?.keys() ?? [])])
      // all of one revision, whatever comes meanwhile
      const entries = nodesFirst(all).map((key) => [key, mirror.entries.get(key)] as const)
      const news = await inTurns(entries, read)
      storeRead = true
      for (const one of news) take(one)
      publish()
    }
  }

  /** A node that was given another name leaves nothing to doubt: its containers are there already. */
  async function probe(instance: Instance, signal: AbortSignal): Promise<boolean> {
    if (index.hasTwin(instanceKey(prefix, instance), instance)) return false
    return options.probe(instance, signal)
  }

  function dropDoubted(key: string): void {
    lost.settle(key)
    // Docker has been read since: it knows better
    if (isOwn(key)) return
    lent.set(key, undefined)
    publish()
  }

  return {
    catalog,
    async run(signal) {
      await Promise.all([followOwn(signal), followStore(signal)])
    },
  }
}

/** Nodes before their instances: whether a node is there decides whether its vanished instances are doubted. */
function nodesFirst(keys: ReadonlySet<string>): string[] {
  const isNode = (key: string) => (key.includes('/nodes/') ? 0 : 1)
  return [...keys].toSorted((a, b) => isNode(a) - isNode(b))
}
