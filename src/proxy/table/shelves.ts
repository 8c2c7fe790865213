import type { RouteChange } from './changes.ts'
import { lean } from './lean.ts'
import { byExactness, byPriority } from './order.ts'
import type { TableRoute } from './route.ts'
import { placeOf } from './tcp-terms.ts'

/** Routes that share a part of the index, each list with the first choice first. */
export type Shelf = {
  readonly numbered: readonly TableRoute[]
  readonly plain: readonly TableRoute[]
}

/** By the way in which rules name hosts, then by name; under `any` all stand at the empty name. */
export type EntrypointIndex = Readonly<Record<Kind, ReadonlyMap<string, Shelf>>> & {
  /** How many routes have a number. */
  readonly numbered: number
}

/** Finds a request's route in time that does not grow with the number of hosts. By `placeOf`. */
export type RouteIndex = ReadonlyMap<string, EntrypointIndex>

/** One that is changed in place, by its only owner. */
export type OwnIndex = Map<string, Record<Kind, Map<string, Shelf>> & { numbered: number }>

type Kind = 'exact' | 'suffixes' | 'regexes' | 'any'
type Edit = { readonly gone: Set<TableRoute>; readonly come: TableRoute[] }
type Edits = Readonly<Record<Kind, Map<string, Edit>>> & { numbered: number }

const kinds = ['exact', 'suffixes', 'regexes', 'any'] as const
const emptyIndex: EntrypointIndex = {
  exact: new Map(),
  suffixes: new Map(),
  regexes: new Map(),
  any: new Map(),
  numbered: 0,
}

/** The index after `changes`. Shelves that they don't touch are shared with `index`, which stays as it was. */
export function reindexed(index: RouteIndex, changes: readonly RouteChange[]): RouteIndex {
  const edits = editsOf(changes)
  if (edits.size === 0) return index
  const next = new Map(index)
  for (const [entrypoint, ofOne] of edits) {
    next.set(entrypoint, edited(index.get(entrypoint) ?? emptyIndex, ofOne))
  }
  return next
}

/** The same in place: what that costs does not grow with the number of routes that stay. */
export function reindex(index: OwnIndex, changes: readonly RouteChange[]): void {
  for (const [entrypoint, edits] of editsOf(changes)) {
    const at = index.getOrInsertComputed(entrypoint, () => ({
      exact: new Map(),
      suffixes: new Map(),
      regexes: new Map(),
      any: new Map(),
      numbered: 0,
    }))
    at.numbered += edits.numbered
    for (const kind of kinds) shelve(at[kind], edits[kind])
  }
}

function editsOf(changes: readonly RouteChange[]): ReadonlyMap<string, Edits> {
  const edits = new Map<string, Edits>()
  const of = (route: TableRoute) => edits.getOrInsertComputed(placeOf(route), noEdits)
  for (const { before, after } of changes) {
    if (before) {
      of(before).numbered -= isNumbered(before)
      edit(of(before), before, ({ gone }) => gone.add(before))
    }
    if (after) {
      of(after).numbered += isNumbered(after)
      edit(of(after), after, ({ come }) => come.push(after))
    }
  }
  return edits
}

function noEdits(): Edits {
  return { exact: new Map(), suffixes: new Map(), regexes: new Map(), any: new Map(), numbered: 0 }
}

function edit(edits: Edits, { hosts }: TableRoute, change: (edit: Edit) => void): void {
  const at = (kind: Kind, name: string) =>
    change(edits[kind].getOrInsertComputed(name, () => ({ gone: new Set(), come: [] })))
  for (const name of hosts.exact) at('exact', name)
  for (const name of hosts.suffixes) at('suffixes', name)
  for (const name of hosts.regexes) at('regexes', name)
  if (hosts.any) at('any', '')
}

function edited(index: EntrypointIndex, edits: Edits): EntrypointIndex {
  const next = { ...index, numbered: index.numbered + edits.numbered }
  for (const kind of kinds) {
    if (edits[kind].size > 0) next[kind] = shelve(new Map(index[kind]), edits[kind])
  }
  return next
}

/** Changes `shelves`, and gives them. */
function shelve(
  shelves: Map<string, Shelf>,
  edits: ReadonlyMap<string, Edit>,
): ReadonlyMap<string, Shelf> {
  for (const [name, { gone, come }] of edits) {
    const { numbered = [], plain = [] } = shelves.get(name) ?? {}
    const kept = [...numbered, ...plain].filter((route) => !gone.has(route))
    if (kept.length + come.length > 0) shelves.set(name, shelf([...kept, ...come]))
    else shelves.delete(name)
  }
  return shelves
}

function shelf(routes: readonly TableRoute[]): Shelf {
  return {
    numbered: lean(routes.filter((route) => isNumbered(route) === 1).toSorted(byPriority)),
    plain: lean(routes.filter((route) => isNumbered(route) === 0).toSorted(byExactness)),
  }
}

function isNumbered({ order }: TableRoute): 0 | 1 {
  return order.priority === null ? 0 : 1
}
