/** One thing that was, or has become, something else. `was` is empty for what is new, `is` for what has gone. */
export type Change = {
  readonly kind: 'instance' | 'route' | 'problem'
  readonly name: string
  readonly was: string
  readonly is: string
}

/** What was seen last, by identity; each as the change that it would be as something new. */
export type Seen = ReadonlyMap<string, Change>

type Item = Readonly<Record<string, unknown>>

/** The items of a view, by what tells them apart. */
export function seenIn(
  view: 'instances' | 'routes' | 'problems',
  items: readonly Item[],
): [string, Change][] {
  return items.map((item) => {
    const one = read[view](item)
    return [`${one.kind} ${one.name} ${textOf(item, 'identity')}`, { ...one, was: '' }]
  })
}

/** What is new, what is something else now, and what has gone, in this order. */
export function changesOf(before: Seen, now: Seen): Change[] {
  const appeared = [...now].flatMap(([key, one]) => {
    const was = before.get(key)
    if (was?.is === one.is) return []
    return [{ ...one, was: was?.is ?? '' }]
  })
  const gone = [...before].filter(([key]) => !now.has(key))
  return [...appeared, ...gone.map(([, one]) => ({ ...one, was: one.is, is: '' }))]
}

const read = {
  instances: (item: Item) => ({
    kind: 'instance' as const,
    name: `${textOf(item, 'name')}:${textOf(item, 'port')}`,
    is: textOf(item, 'state'),
  }),
  routes: (item: Item) => ({
    kind: 'route' as const,
    name: `${textOf(item, 'service')} ${textOf(item, 'rule')}`,
    is: count(item['instances']),
  }),
  problems: (item: Item) => ({
    kind: 'problem' as const,
    name: `${textOf(item, 'where')}: ${textOf(item, 'what')}`,
    is: textOf(item, 'severity'),
  }),
}

function textOf(item: Item, field: string): string {
  const value = item[field]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function count(list: unknown): string {
  const length = Array.isArray(list) ? list.length : 0
  return length === 1 ? '1 instance' : `${length} instances`
}
