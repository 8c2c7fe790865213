import { compare } from '../core/catalog.ts'
import { messageOf, PortolanError } from '../core/errors.ts'
import type { EachJob, Item } from './job.ts'

/** More files than this are no configuration. */
const mostItems = 1000

export type EachTools = {
  /** For all of them. */
  readonly limitMs: number
  /** Renders the job's template with `values` as variables. */
  readonly render: (limitMs: number, values: object) => string
  /** Renders `source`; `label` is for messages. */
  readonly text: (label: string, source: string, limitMs: number, values: object) => string
  /** Whether the job has to be done again, with what this error misses. */
  readonly isUnfinished: (error: unknown) => boolean
}

/**
 * Renders one file for each item of the list. What is wrong with one is told with it. An item gets at most half of the
 * time that is left, so that one without end leaves some to the others.
 */
export function performEach(each: EachJob, tools: EachTools) {
  const endMs = performance.now() + tools.limitMs
  const leftMs = () => Math.max(1, Math.round(endMs - performance.now()))
  const list = listOf(each, tools)
  const items = list.map(({ label, ...values }, at): Item => {
    const limitMs = at === list.length - 1 ? leftMs() : Math.ceil(leftMs() / 2)
    let made: Item = { label }
    try {
      const name = tools.text(`dest of ${each.resource}`, each.name, limitMs, values)
      made = { label, name }
      return { ...made, content: tools.render(limitMs, values) }
    } catch (error) {
      if (tools.isUnfinished(error)) throw error
      return { ...made, fault: messageOf(error) }
    }
  })
  return { kind: 'items' as const, items }
}

/** The variables of each item: `item` and `key`, its number or, in a map, its key. */
function listOf({ resource, list }: EachJob, { limitMs, text }: EachTools) {
  let found: unknown
  const collect = (value: unknown) => {
    found = value
    return ''
  }
  text(`for_each of ${resource}`, `{{ collect(${list}) }}`, limitMs, { collect })
  const items = itemsOf(found)
  const fault = (what: string) =>
    new PortolanError('template', `template for_each of ${resource}: ${list} gives ${what}`)
  if (!items) throw fault('neither a list nor a map; write an expression that does')
  if (items.length > mostItems) {
    throw fault(`${items.length} items, and ${mostItems} files are the most; select some`)
  }
  return items
}

type Listed = { readonly item: unknown; readonly key: string | number; readonly label: string }

function itemsOf(found: unknown): Listed[] | undefined {
  if (Array.isArray(found)) {
    return found.map((item: unknown, key) => ({
      item,
      key,
      label: labelOf(item, `item ${key + 1}`),
    }))
  }
  if (typeof found !== 'object' || found === null) return undefined
  return Object.entries(found)
    .toSorted(([a], [b]) => compare(a, b))
    .map(([key, item]: [string, unknown]) => ({ item, key, label: `item ${key}` }))
}

/** Of services the id, of keys the key, of texts the text. */
function labelOf(item: unknown, otherwise: string): string {
  if (typeof item === 'string' || typeof item === 'number') return `item ${item}`
  if (typeof item !== 'object' || item === null) return otherwise
  const named = ['id', 'Key', 'name'].map((key): unknown => Reflect.get(item, key))
  const name = named.find((one) => typeof one === 'string')
  return typeof name === 'string' ? `item ${name}` : otherwise
}
