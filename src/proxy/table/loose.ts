import type { TableRoute } from './route.ts'

type Node = { readonly next: Map<number, Node>; readonly routes: number[] }

/** Places in a list of routes, by what has to stand in a host. */
type Finder = {
  readonly root: Node
  /** Those that any host may match. */
  readonly always: readonly number[]
}

/** So few are tried one by one. */
const few = 4
const none: readonly TableRoute[] = []
const finders = new WeakMap<readonly TableRoute[], Finder>()

/**
 * Those of `routes`, in their order, whose expressions `host` may match: each has a text that has to stand in the host,
 * of all of its texts the one that the fewest others have. So that of a thousand expressions one or two are tried.
 */
export function candidates(routes: readonly TableRoute[], host: string): readonly TableRoute[] {
  if (routes.length <= few) return routes
  let finder = finders.get(routes)
  if (!finder) finders.set(routes, (finder = finderOf(routes)))
  const places = [...finder.always]
  for (let from = 0; from < host.length; from++) {
    let node = finder.root.next.get(host.charCodeAt(from))
    for (let at = from + 1; node; at++) {
      if (node.routes.length > 0) places.push(...node.routes)
      node = node.next.get(host.charCodeAt(at))
    }
  }
  if (places.length === 0) return none
  const inOrder = places.length > 1 ? [...new Set(places)].toSorted((a, b) => a - b) : places
  return inOrder.flatMap((place) => routes[place] ?? [])
}

function finderOf(routes: readonly TableRoute[]): Finder {
  const counts = new Map<string, number>()
  for (const text of routes.flatMap(({ hosts }) => hosts.loose.flat())) {
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  const root = newNode()
  const always: number[] = []
  for (const [place, { hosts }] of routes.entries()) {
    for (const texts of hosts.loose) {
      const rarest = texts.toSorted((a, b) => countOf(a) - countOf(b) || b.length - a.length)[0]
      if (rarest === undefined) always.push(place)
      else nodeAt(root, rarest).routes.push(place)
    }
  }
  return { root, always }

  function countOf(text: string): number {
    return counts.get(text) ?? 0
  }
}

function newNode(): Node {
  return { next: new Map(), routes: [] }
}

function nodeAt(root: Node, text: string): Node {
  let node = root
  for (let at = 0; at < text.length; at++) {
    node = node.next.getOrInsertComputed(text.charCodeAt(at), newNode)
  }
  return node
}
