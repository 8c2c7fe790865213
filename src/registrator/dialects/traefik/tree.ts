import type { LabelReader } from '../labels.ts'

/** Labels as a tree: `a.b[0].c=x` is `a` → `b` → `[0]` → `c`, which has the text `x`. */
export type Node = {
  /** As it was first written. */
  readonly name: string
  /** The label up to here, for messages. */
  readonly label: string
  readonly text: string | undefined
  /** By name in lower case: keys of labels have no case. */
  readonly children: ReadonlyMap<string, Node>
}

type Growing = {
  name: string
  label: string
  text: string | undefined
  children: Map<string, Growing>
}

/** Labels below `prefix` (`traefik.http`), in the order of their names, so that it is always the same tree. */
export function treeOf(
  labels: Readonly<Record<string, string>>,
  prefix: string,
  reader: LabelReader,
): Node {
  const root: Growing = { name: prefix, label: prefix, text: undefined, children: new Map() }
  const start = `${prefix}.`
  for (const label of Object.keys(labels).toSorted()) {
    if (!label.toLowerCase().startsWith(start)) continue
    const parts = partsOf(label.slice(start.length))
    if (parts) grow(root, parts, labels[label]?.trim() ?? '')
    else reader.note(label, '…', malformed)
  }
  return root
}

const malformed = {
  severity: 'error',
  why: 'a part of its name is empty, or has a bracket or @ out of place',
  remedy: 'write names as in traefik.http.routers.web.rule or …domains[0].main',
} as const

/** `domains[0].main` as `domains`, `[0]`, `main`; undefined when a part is none. */
function partsOf(path: string): string[] | undefined {
  const parts = path.split('.').map((part) => /^([^[\]@\s]+)(\[\d{1,3}\])?$/.exec(part))
  if (parts.includes(null)) return undefined
  return parts.flatMap((part) => [part?.[1] ?? '', part?.[2] ?? '']).filter((one) => one !== '')
}

function grow(root: Growing, parts: readonly string[], text: string): void {
  let at = root
  for (const part of parts) {
    const key = part.toLowerCase()
    const label = part.startsWith('[') ? `${at.label}${part}` : `${at.label}.${part}`
    const next = at.children.get(key) ?? { name: part, label, text: undefined, children: new Map() }
    at.children.set(key, next)
    at = next
  }
  at.text ??= text
}

/** All nodes that have a text: one for each label. */
export function leavesOf(node: Node): Node[] {
  const below = node.children.values().toArray().flatMap(leavesOf)
  return node.text === undefined ? below : [node, ...below]
}

export function childOf(node: Node, ...path: readonly string[]): Node | undefined {
  let at: Node | undefined = node
  for (const name of path) at = at?.children.get(name)
  return at
}

export function childrenOf(node: Node | undefined): Node[] {
  return node ? [...node.children.values()] : []
}
