import type { Definition } from '../core/definition.ts'
import type { Instance } from '../core/instance.ts'
import type { NodeRecord } from '../core/keys.ts'

type Nodes = ReadonlyMap<string, NodeRecord>

/**
 * The records of nodes that were lost, for as long as an instance of theirs is doubted: its published port is reached
 * at its node's address, and who doubts it has to know that.
 */
export function lostNodes() {
  const last = new Map<string, NodeRecord>()
  const doubted = new Map<string, string>()
  /** Nodes by the keys of definitions that went with them. */
  const definitions = new Map<string, string>()
  let of: Nodes | undefined
  let joined: Nodes = new Map()

  return {
    /** What the store said of a node before it said something else, or nothing. */
    was(record: NodeRecord): void {
      last.set(record.node, record)
    },
    /** The instance under `key` is doubted from now on. */
    keep(key: string, { node }: Instance): void {
      doubted.set(key, node)
      of = undefined
    },
    /** The doubt about `key` is over, if there was one. */
    settle(key: string): void {
      if (doubted.delete(key)) of = undefined
    },
    /** The definition under `key` went with its node. */
    keepDefinition(key: string, { node }: Definition): void {
      definitions.set(key, node)
    },
    settleDefinition(key: string): void {
      definitions.delete(key)
    },
    /** Keys of kept definitions whose nodes have no doubted instances left; each once. */
    settledDefinitions(): string[] {
      if (definitions.size === 0) return []
      const needed = new Set(doubted.values())
      const over = [...definitions].flatMap(([key, node]) => (needed.has(node) ? [] : [key]))
      for (const key of over) definitions.delete(key)
      return over
    },
    /** `nodes` and those that are still needed; the same map while nothing changed. */
    joinedTo(nodes: Nodes): Nodes {
      if (of === nodes) return joined
      of = nodes
      const needed = new Set(doubted.values())
      for (const node of last.keys()) if (!needed.has(node)) last.delete(node)
      joined = last.size === 0 ? nodes : new Map([...last, ...nodes])
      return joined
    },
  }
}
