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
export function storedEntries(prefix: string) {
  /** But routes: of these there may be ten thousand, and one map is enough. */
  const known = new Map<string, Stored>()
  const problems = new Map<string, Problem>()
  const routesAt = routesPrefix(prefix)
  let routes = new Map<string, StoredRoute>()
  let nodes: ReadonlyMap<string, NodeRecord> = new Map()

  /** The maps that are not as when somebody last asked for them. */
  let [hasOwnRoutes, isOtherNodes] = [false, false]

  /** One that nobody has yet: copied once for many changes. */
  function ownRoutes(): Map<string, StoredRoute> {
    if (!hasOwnRoutes) routes = new Map(routes)
    hasOwnRoutes = true
    return routes
  }

  function routesNow(): ReadonlyMap<string, StoredRoute> {
    hasOwnRoutes = false
    return routes
  }

  function nodesNow(): ReadonlyMap<string, NodeRecord> {
    if (isOtherNodes) {
      nodes = new Map(
        [...known.values()].flatMap((one) =>
          one.kind === 'node' ? [[one.node.node, one.node] as const] : [],
        ),
      )
    }
    isOtherNodes = false
    return nodes
  }

  /** Pure: nothing is in force by it. */
  function read(key: string, entry: Entry | undefined): ReadEntry {
    if (!entry) return { key, now: undefined, problem: undefined }
    try {
      return { key, now: parseEntry(prefix, key, entry.value), problem: undefined }
    } catch (error) {
      if (!(error instanceof PortolanError)) throw error
      return { key, now: undefined, problem: unreadable(key, error) }
    }
  }

  /**
   * Puts what was read of `key` in force, and says what stood there before, so that its vanishing can be doubted; of
   * routes nothing.
   */
  function update({ key, now, problem }: ReadEntry): Stored | undefined {
    if (problem) problems.set(key, problem)
    else problems.delete(key)
    if (key.startsWith(routesAt)) {
      const name = key.slice(routesAt.length)
      if (now?.kind === 'route') ownRoutes().set(name, now.route)
      else if (routes.has(name)) ownRoutes().delete(name)
      return undefined
    }
    const before = known.get(key)
    if (now) known.set(key, now)
    else known.delete(key)
    if (before?.kind === 'node' || now?.kind === 'node') isOtherNodes = true
    return before
  }

  return {
    read,
    update,
    problems: (): Problem[] => [...problems.values()],
    hasNode: (node: string): boolean => known.has(nodeKey(prefix, node)),
    instance(key: string): Instance | undefined {
      const stored = known.get(key)
      return stored?.kind === 'instance' ? stored.instance : undefined
    },
    definition(key: string): Definition | undefined {
      const stored = known.get(key)
      return stored?.kind === 'definition' ? stored.definition : undefined
    },
    routes: routesNow,
    nodes: nodesNow,
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
