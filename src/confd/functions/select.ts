import { compare } from '../../core/catalog.ts'
import { isEmpty, member } from './lists.ts'

type Items = readonly unknown[]
type Groups = Record<string, unknown[]>

/** docker-gen's: choosing and grouping things by a field, such as `attributes.zone`. What they work on comes first. */
export const selectFunctions = {
  where: (items: Items, path: string, value: unknown) =>
    items.filter((one) => fieldOf(one, path) === value),
  whereNot: (items: Items, path: string, value: unknown) =>
    items.filter((one) => fieldOf(one, path) !== value),
  whereExist: (items: Items, path: string) => items.filter((one) => exists(fieldOf(one, path))),
  whereNotExist: (items: Items, path: string) => items.filter((one) => !exists(fieldOf(one, path))),
  whereAny: (items: Items, path: string, separator: string, wanted: readonly string[]) =>
    items.filter((one) => partsOf(one, path, separator).some((part) => wanted.includes(part))),
  whereAll: (items: Items, path: string, separator: string, wanted: readonly string[]) =>
    items.filter((one) => {
      const parts = partsOf(one, path, separator)
      return wanted.every((part) => parts.includes(part))
    }),
  groupBy: (items: Items, path: string) => grouped(items, (one) => textsOf(fieldOf(one, path))),
  groupByWithDefault: (items: Items, path: string, fallback: string) =>
    grouped(items, (one) => {
      const value = fieldOf(one, path)
      return isEmpty(value) ? [fallback] : textsOf(value)
    }),
  groupByMulti: (items: Items, path: string, separator: string) =>
    grouped(items, (one) => partsOf(one, path, separator)),
  groupByKeys: (items: Items, path: string) =>
    Object.keys(grouped(items, (one) => textsOf(fieldOf(one, path)))),
  sortObjectsByKeysAsc: (items: Items, path: string) =>
    items.toSorted((a, b) => compare(sortText(a, path), sortText(b, path))),
  sortObjectsByKeysDesc: (items: Items, path: string) =>
    items.toSorted((a, b) => compare(sortText(b, path), sortText(a, path))),
  pluck: (items: Items, path: string) => items.map((one) => fieldOf(one, path)).filter(exists),
}

/** `a.b.c`; a key with dots in it, such as a label, is found too. */
function fieldOf(item: unknown, path: string): unknown {
  const whole = member(item, path)
  if (whole !== undefined) return whole
  for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
    const inside = member(item, path.slice(0, dot))
    const found = inside === undefined ? undefined : fieldOf(inside, path.slice(dot + 1))
    if (found !== undefined) return found
  }
  return undefined
}

const exists = (value: unknown) => value !== undefined && value !== null

function textsOf(value: unknown): string[] {
  return exists(value) ? [asText(value)] : []
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

/** Lists have their parts already. */
function partsOf(item: unknown, path: string, separator: string): string[] {
  const value = fieldOf(item, path)
  if (Array.isArray(value)) return value.map(asText)
  return textsOf(value).flatMap((text) => text.split(separator))
}

const sortText = (item: unknown, path: string) => asText(fieldOf(item, path) ?? '')

/** By key, sorted, so that equal things give equal files. */
function grouped(items: Items, keysOf: (item: unknown) => readonly string[]): Groups {
  const groups = new Map<string, unknown[]>()
  for (const item of items) {
    for (const key of keysOf(item)) {
      const group = groups.get(key)
      if (group) group.push(item)
      else groups.set(key, [item])
    }
  }
  const sorted = [...groups].toSorted(([a], [b]) => compare(a, b))
  const made: Groups = Object.create(null)
  for (const [key, members] of sorted) made[key] = members
  return made
}
