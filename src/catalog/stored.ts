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

  /** Routes and nodes are few and change seldom: their maps are made anew only then, instances never touch them. */
  function rebuild(kind: Stored['kind'] | undefined): void {
    const all = [...read.values()]
    if (kind === 'route') {
      routes = new Map(all.flatMap((one) => (one.kind === 'route' ? [[one.name, one.route]] : [])))
    }
    if (kind === 'node') {
      nodes = new Map(
        all.flatMap((one) => (one.kind === 'node' ? [[one.node.node, one.node]] : [])),
      )
    }
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
    for (const kind of new Set([before?.kind, read.get(key)?.kind])) rebuild(kind)
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
    routes: () => routes,
    nodes: () => nodes,
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
