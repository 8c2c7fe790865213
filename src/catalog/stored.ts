import type { Definition } from '../core/definition.ts'
import { PortolanError } from '../core/errors.ts'
import type { Instance } from '../core/instance.ts'
import { nodeKey, type NodeRecord, parseEntry, routesPrefix, type Stored } from '../core/keys.ts'
import type { Problem } from '../core/problems.ts'
import type { StoredRoute } from '../core/route.ts'
import type { Entry } from '../store/store.ts'

/** What stands under a key, if anything does that can be read. */
export type ReadEntry = {
  readonly key: string
  readonly now: Stored | undefined
  readonly problem: Problem | undefined
}

/**
 * The entries of the store, read: one parsed record for each key, and of a change only the keys that it names
 * are read again. A key that can't be read is a problem, and nothing else.
 */
export class StoredEntries {
  private readonly prefix: string
  private readonly routesAt: string
  /** But routes: of these there may be ten thousand, and one map is enough. */
  private readonly known = new Map<string, Stored>()
  private readonly unread = new Map<string, Problem>()
  private routesByName = new Map<string, StoredRoute>()
  private nodesByName: ReadonlyMap<string, NodeRecord> = new Map()
  /** Nobody has asked for `routesByName` since it was copied. */
  private hasOwnRoutes = false
  /** `nodesByName` is not what `known` says. */
  private isOtherNodes = false

  constructor(prefix: string) {
    this.prefix = prefix
    this.routesAt = routesPrefix(prefix)
  }

  /** Pure: nothing is in force by it. */
  read(key: string, entry: Entry | undefined): ReadEntry {
    if (!entry) return { key, now: undefined, problem: undefined }
    try {
      return { key, now: parseEntry(this.prefix, key, entry.value), problem: undefined }
    } catch (error) {
      if (!(error instanceof PortolanError)) throw error
      return { key, now: undefined, problem: unreadable(key, error) }
    }
  }

  /**
   * Puts what was read of `key` in force, and says what stood there before, so that its vanishing can be doubted; of
   * routes nothing.
   */
  update({ key, now, problem }: ReadEntry): Stored | undefined {
    const { known, unread } = this
    if (problem) unread.set(key, problem)
    else unread.delete(key)
    if (key.startsWith(this.routesAt)) {
      this.updateRoute(key.slice(this.routesAt.length), now)
      return undefined
    }
    const before = known.get(key)
    if (now) known.set(key, now)
    else known.delete(key)
    if (before?.kind === 'node' || now?.kind === 'node') this.isOtherNodes = true
    return before
  }

  problems(): Problem[] {
    return [...this.unread.values()]
  }

  hasNode(node: string): boolean {
    return this.known.has(nodeKey(this.prefix, node))
  }

  instance(key: string): Instance | undefined {
    const stored = this.known.get(key)
    return stored?.kind === 'instance' ? stored.instance : undefined
  }

  definition(key: string): Definition | undefined {
    const stored = this.known.get(key)
    return stored?.kind === 'definition' ? stored.definition : undefined
  }

  /** By name. The same map while nothing changed, as that of `nodes`. */
  routes(): ReadonlyMap<string, StoredRoute> {
    this.hasOwnRoutes = false
    return this.routesByName
  }

  nodes(): ReadonlyMap<string, NodeRecord> {
    if (this.isOtherNodes) {
      this.nodesByName = new Map(
        [...this.known.values()].flatMap((one) =>
          one.kind === 'node' ? [[one.node.node, one.node] as const] : [],
        ),
      )
    }
    this.isOtherNodes = false
    return this.nodesByName
  }

  private updateRoute(name: string, now: Stored | undefined): void {
    if (now?.kind === 'route') this.ownRoutes().set(name, now.route)
    else if (this.routesByName.has(name)) this.ownRoutes().delete(name)
  }

  /** One that nobody has yet: copied once for many changes. */
  private ownRoutes(): Map<string, StoredRoute> {
    if (!this.hasOwnRoutes) this.routesByName = new Map(this.routesByName)
    this.hasOwnRoutes = true
    return this.routesByName
  }
}

function unreadable(key: string, { message }: PortolanError): Problem {
  const [why = '', ...remedy] = message.split('; ')
  return {
    severity: 'error',
    where: `key ${key}`,
    what: 'an entry that can not be read',
    why,
    remedy: remedy.join('; '),
  }
}
