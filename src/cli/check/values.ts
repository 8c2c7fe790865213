import type { Place, Value } from './document.ts'

/** A name and its text, with the place where it stands. */
export type Pair = { readonly name: string; readonly text: string; readonly at: Place }

/** The entry `name` of a map; undefined for what is none or has none. */
export function entry(value: Value | undefined, name: string): Value | undefined {
  return value?.kind === 'map' ? value.entries.get(name) : undefined
}

/** The text of a value that is one, and is not empty. */
export function text(value: Value | undefined): string | undefined {
  return value?.kind === 'text' && value.text !== '' ? value.text : undefined
}

/** The texts of a list, or the one text. */
export function texts(value: Value | undefined): Pair[] {
  if (value?.kind === 'text') return [{ name: '', text: value.text, at: value.at }]
  if (value?.kind !== 'list') return []
  return value.items.flatMap(texts)
}

/** Labels or variables: a map, or a list of `NAME=value`. A later one of two equal names wins. */
export function pairs(value: Value | undefined): Pair[] {
  if (value?.kind === 'map') {
    return [...value.entries].flatMap(([name, one]) =>
      one.kind === 'text' ? [{ name, text: one.text, at: one.at }] : [],
    )
  }
  return texts(value).map(({ text: whole, at }) => {
    const [name = ''] = whole.split('=', 1)
    return { name, text: whole.slice(name.length + 1), at }
  })
}

/**
 * `over` laid on `base` as Compose lays files: maps entry by entry, labels and variables by name, other lists one
 * after the other, texts replaced.
 */
export function overlaid(base: Value | undefined, over: Value, name = ''): Value {
  if (!base) return over
  if (name === 'labels' || name === 'environment') return byName(base, over)
  if (base.kind === 'map' && over.kind === 'map') {
    const entries = new Map(base.entries)
    for (const [key, value] of over.entries)
      entries.set(key, overlaid(entries.get(key), value, key))
    return { ...over, entries }
  }
  if (base.kind === 'list' && over.kind === 'list' && !/^(command|entrypoint)$/.test(name)) {
    return { ...over, items: [...base.items, ...over.items] }
  }
  return over
}

function byName(base: Value, over: Value): Value {
  const all = [...pairs(base), ...pairs(over)]
  const entries = new Map(
    all.map(({ name, text: value, at }): [string, Value] => [
      name,
      { kind: 'text', text: value, at },
    ]),
  )
  return { kind: 'map', entries, at: over.at }
}
