import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
} from 'yaml'

import { PortolanError } from '../../core/errors.ts'
import { interpolated } from './interpolate.ts'

/** A value of a compose file, with its line and the file that it stands in. */
export type Value =
  | { readonly kind: 'text'; readonly text: string; readonly at: Place }
  | { readonly kind: 'list'; readonly items: readonly Value[]; readonly at: Place }
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, Value>; readonly at: Place }

export type Place = { readonly file: string; readonly line: number }

export type ComposeFile = {
  readonly root: Value
  /** Variables that have no value, and where. */
  readonly missing: readonly { readonly name: string; readonly at: Place }[]
}

const maxDepth = 64

/**
 * Reads a compose file, anchors and merge keys followed, variables filled in. Throws `bad-value` with file and line
 * for what is no YAML.
 */
export function readDocument(
  file: string,
  text: string,
  variables: ReadonlyMap<string, string>,
): ComposeFile {
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false })
  const [error] = document.errors
  const lineAt = (offset: number) => counter.linePos(offset).line
  if (error) {
    const at = `${file}:${lineAt(error.pos[0])}`
    throw new PortolanError('bad-value', `${at}: ${error.message}; correct the YAML`)
  }
  const missing: { name: string; at: Place }[] = []
  const fill = (written: string, at: Place) => {
    const filled = interpolated(written, variables)
    missing.push(...filled.missing.map((name) => ({ name, at })))
    return filled.text
  }
  const reader = valueReader({ file, document, lineAt, fill })
  return { root: reader(document.contents, 0, { file, line: 1 }), missing }
}

type Reading = {
  readonly file: string
  readonly document: ReturnType<typeof parseDocument>
  readonly lineAt: (offset: number) => number
  /** Fills in the variables of a text. */
  readonly fill: (text: string, at: Place) => string
}

/** A function that reads one node; a node without a place of its own is where `from` says. */
function valueReader({ file, document, lineAt, fill }: Reading) {
  function valueOf(node: unknown, depth: number, from: Place): Value {
    if (depth > maxDepth) {
      const what = `${file}: nested deeper than ${maxDepth}; write it flatter`
      throw new PortolanError('bad-value', what)
    }
    const resolved = isAlias(node) ? node.resolve(document) : node
    const at = placeOf(node) ?? from
    if (isMap(resolved)) return { kind: 'map', entries: entriesOf(resolved, depth, at), at }
    if (isSeq(resolved)) {
      const items = resolved.items.map((item) => valueOf(item, depth + 1, at))
      return { kind: 'list', items, at }
    }
    const scalar = isScalar(resolved) ? resolved.value : resolved
    // a source keeps 8080 and 1e3 as they are written
    const written = isScalar(resolved) && typeof scalar !== 'string' ? resolved.source : undefined
    return { kind: 'text', text: fill(written ?? textOf(scalar), at), at }
  }

  function entriesOf(map: YAMLMap, depth: number, from: Place): Map<string, Value> {
    const entries = new Map<string, Value>()
    const merged: Value[] = []
    for (const { key, value } of map.items) {
      const name = isScalar(key) ? textOf(key.value) : ''
      const at = placeOf(key) ?? from
      const read = valueOf(value, depth + 1, at)
      // YAML 1.1's merge key, which Compose knows
      if (name === '<<') merged.push(...(read.kind === 'list' ? read.items : [read]))
      else entries.set(name, { ...read, at })
    }
    for (const one of merged) {
      if (one.kind !== 'map') continue
      for (const [name, value] of one.entries) if (!entries.has(name)) entries.set(name, value)
    }
    return entries
  }

  function placeOf(node: unknown): Place | undefined {
    const [start] = isNode(node) ? (node.range ?? []) : []
    return start === undefined ? undefined : { file, line: lineAt(start) }
  }

  return valueOf
}

function isNode(node: unknown): node is Node {
  return isAlias(node) || isMap(node) || isSeq(node) || isScalar(node)
}

/** YAML's own types; whatever else a library may give is no text. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint') return value.toString()
  return typeof value === 'boolean' ? String(value) : ''
}
