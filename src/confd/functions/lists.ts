import { compare } from '../../core/catalog.ts'
import { fault, shown } from './fault.ts'

type Dictionary = Record<string, unknown>
type Pair = { readonly Key: string; readonly Value: string }

/** Lists and dictionaries. What they work on comes first. */
export const listFunctions = {
  map: dictionary,
  dict: dictionary,
  list: (...values: unknown[]) => values,
  append: (list: readonly unknown[], ...more: unknown[]) => [...list, ...more],
  flatten: (lists: readonly unknown[]) => lists.flat(),
  keys: (of: object | null) => Object.keys(of ?? {}).toSorted(compare),
  values: (of: object) =>
    Object.entries(of)
      .toSorted(([a], [b]) => compare(a, b))
      .map(([, value]) => value),
  hasKey: (of: object, key: string) => Object.hasOwn(of, key),
  reverse: (list: readonly unknown[] | string) =>
    typeof list === 'string' ? Array.from(list).toReversed().join('') : list.toReversed(),
  sortByLength: (list: readonly string[]) => list.toSorted((a, b) => a.length - b.length),
  sortKVByLength: (list: readonly Pair[]) => list.toSorted((a, b) => a.Key.length - b.Key.length),
  sortStringsAsc: (list: readonly string[]) => list.toSorted(compare),
  sortStringsDesc: (list: readonly string[]) => list.toSorted((a, b) => compare(b, a)),
  intersect: (a: readonly unknown[], b: readonly unknown[]) => a.filter((one) => b.includes(one)),
  closest: (list: readonly string[], text: string) =>
    list.filter((one) => text.includes(one)).toSorted((a, b) => b.length - a.length)[0] ?? '',
  len: (of: unknown) => {
    if (typeof of === 'string' || Array.isArray(of)) return of.length
    return Object.keys(of ?? {}).length
  },
  index: (of: unknown, ...path: readonly (string | number)[]) =>
    path.reduce((at, key) => member(at, String(key)), of),
  coalesce: (...values: unknown[]) => values.find((one) => !isEmpty(one)),
  ternary: (yes: unknown, no: unknown, condition: unknown) => (isEmpty(condition) ? no : yes),
  when: (condition: unknown, yes: unknown, no: unknown) => (isEmpty(condition) ? no : yes),
  empty: isEmpty,
}

/** Go's idea of nothing, which is wider than JavaScript's. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) {
    return true
  }
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** An own member, never one of a prototype. */
export function member(of: unknown, key: string): unknown {
  if (typeof of !== 'object' || of === null) return undefined
  return Object.hasOwn(of, key) ? Reflect.get(of, key) : undefined
}

/** Without a prototype: keys come from the store. */
function emptyDictionary(): Dictionary {
  return Object.create(null)
}

function dictionary(...pairs: readonly unknown[]): Dictionary {
  if (pairs.length % 2 > 0) throw fault(`${shown(pairs.at(-1))} has no value; give pairs`)
  const made = emptyDictionary()
  for (let at = 0; at < pairs.length; at += 2) made[String(pairs[at])] = pairs[at + 1]
  return made
}
