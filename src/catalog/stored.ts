import type { Definition } from '../core/definition.ts'
import { PortolanError } from '../core/errors.ts'
import type { Instance } from '../core/instance.ts'
import { nodeKey, type NodeRecord, parseEntry, type Stored } from '../core/keys.ts'
import type { Problem } from '../core/problems.ts'
import type { StoredRoute } from '../core/route.ts'
import type { Entry } from '../store/store.ts'

/**
 * The entries of the store, read: one parsed record for each key, and of a change only the keys that it names
 * are read again. A key that can't be read is a problem, and nothing else.
 */
export function storedEntries(prefix: string) {
  const read = new Map<string, Stored>()
  const problems = new Map<string, Problem>()
  let routes: ReadonlyMap<string, StoredRoute> = new Map()
  let nodes: ReadonlyMap<string, NodeRecord> = new Map()

  /** Whose maps are not as what was read. They are made anew when somebody asks, once for many changes. */
  const changed = new Set<Stored['kind']>()

  function routesNow(): ReadonlyMap<string, StoredRoute> {
    if (changed.delete('route')) {
      routes = new Map(
        [...read.values()].flatMap((one) =>
          one.kind === 'route' ? [[one.name, one.route] as const] : [],
        ),
      )
    }
    return routes
  }

  function nodesNow(): ReadonlyMap<string, NodeRecord> {
    if (changed.delete('node')) {
      nodes = new Map(
        [...read.values()].flatMap((one) =>
          one.kind === 'node' ? [[one.node.node, one.node] as const] : [],
        ),
      )
    }
    return nodes
  }

  function forget(key: string): Stored | undefined {
    const before = read.get(key)
    read.delete(key)
    problems.delete(key)
    return before
  }

  /** Reads `key` anew and says what stood there before, so that its vanishing can be doubted. */
  function update(key: string, entry: Entry | undefined): Stored | undefined {
    const before = forget(key)
    if (entry) {
      try {
        read.set(key, parseEntry(prefix, key, entry.value))
      } catch (error) {
        if (!(error instanceof PortolanError)) throw error
        problems.set(key, unreadable(key, error))
      }
    }
    for (const one of [before, read.get(key)]) if (one) changed.add(one.kind)
    return before
  }

  return {
    update,
    problems: (): Problem[] => [...problems.values()],
    hasNode: (node: string): boolean => read.has(nodeKey(prefix, node)),
    instance(key: string): Instance | undefined {
      const stored = read.get(key)
      return stored?.kind === 'instance' ? stored.instance : undefined
    },
    definition(key: string): Definition | undefined {
      const stored = read.get(key)
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
