import { compare } from './catalog.ts'
import type { Definition } from './definition.ts'

type Held = { readonly byKey: Map<string, Definition>; first: Definition | undefined }

/** Who defines a name: any number of containers, the oldest of them first in line. */
export type Holders = {
  put(name: string, key: string, definition: Definition): void
  drop(name: string, key: string): void
  oldest(name: string): Definition | undefined
  /** Oldest first. */
  of(name: string): (readonly [key: string, definition: Definition])[]
  readonly names: () => Iterable<string>
}

export function holders(): Holders {
  const held = new Map<string, Held>()
  return {
    put(name, key, definition) {
      const at = held.getOrInsertComputed(name, () => ({ byKey: new Map(), first: undefined }))
      at.byKey.set(key, definition)
      at.first = at.first ? older(at.first, definition) : definition
    },
    drop(name, key) {
      const at = held.get(name)
      const gone = at?.byKey.get(key)
      if (!at || !gone) return
      at.byKey.delete(key)
      if (at.byKey.size === 0) held.delete(name)
      else if (at.first === gone) at.first = [...at.byKey.values()].reduce(older)
    },
    oldest: (name) => held.get(name)?.first,
    of: (name) => [...(held.get(name)?.byKey ?? [])].toSorted(([, a], [, b]) => byAge(a, b)),
    names: () => held.keys(),
  }
}

function older(a: Definition, b: Definition): Definition {
  return byAge(b, a) < 0 ? b : a
}

function byAge(a: Definition, b: Definition): number {
  return (
    compare(a.createdAt, b.createdAt) ||
    compare(a.node, b.node) ||
    compare(a.container, b.container)
  )
}
