import type { Catalog } from '../core/catalog.ts'
import { PortolanError } from '../core/errors.ts'
import type { Chosen } from '../core/vantage.ts'
import { type AddressOf, unreachableIn, viewCatalog } from './catalog-view.ts'
import { fileOf } from './each.ts'
import type { Answer, Item } from './job.ts'
import type { Pairs } from './kv.ts'
import type { Lookups } from './lookups.ts'
import type { NameAnswer, Question } from './names.ts'
import { type CatalogRead, type KeysRead, noCatalog, printOf } from './reads.ts'
import type { Renderer } from './renderer.ts'
import type { Resource } from './resource.ts'

/** What a render reads. `catalog` is undefined as long as it is not known. */
export type Sources = {
  readonly pairs: Pairs
  readonly catalog: Catalog | undefined
  readonly addressOf: AddressOf
  readonly lookups: Lookups
}

/** What a render has looked at, so that one knows when to look again; also when it failed. */
export type Looked = {
  readonly files: ReadonlyMap<string, string>
  /** Undefined: nothing was rendered yet. */
  readonly keys: KeysRead | undefined
  readonly catalog: CatalogRead
  /** `printOf` the catalog that it got. */
  readonly print: readonly unknown[]
  /** Names that were looked up, and what was said. */
  readonly names: ReadonlyMap<Question, NameAnswer>
  /** Ready instances that were left out, and why. */
  readonly unreachable: ReadonlyMap<string, Chosen & { readonly ok: false }>
}

export const nothingLooked: Looked = {
  files: new Map(),
  keys: undefined,
  catalog: noCatalog(),
  print: [],
  names: new Map(),
  unreachable: new Map(),
}

export type Rendered = { readonly looked: Looked } & (
  | { readonly kind: 'content'; readonly content: Buffer }
  | { readonly kind: 'items'; readonly items: readonly Item[] }
  /** It asked for the catalog, which is not known yet. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'failed'; readonly error: unknown }
)

/** Each turn gets what the one before has missed: services, and names that depend on each other. */
const mostTurns = 8

/**
 * Renders the template of `resource`. Never rejects; writes nothing. The template gets the services and names that it
 * had read `before`, and others if it turns out to want them.
 */
export async function renderResource(
  resource: Pick<Resource, 'name' | 'src' | 'dest' | 'each' | 'format' | 'renderTimeoutMs'>,
  renderer: Pick<Renderer, 'render'>,
  { pairs, catalog, addressOf, lookups }: Sources,
  before: Looked,
): Promise<Rendered> {
  const { src, format, renderTimeoutMs: limitMs } = resource
  const shared = { src, pairs, format, limitMs, each: eachJobOf(resource) }
  let wanted: Pick<CatalogRead, 'names' | 'all'> = before.catalog
  let names = await lookups.answers(before.names.keys())
  const ask = () =>
    renderer.render({
      ...shared,
      names,
      catalog: catalog && viewCatalog(catalog, wanted, addressOf),
    })
  let answer = await ask()
  for (let turns = 1; turns < mostTurns && isUnfinished(answer); turns++) {
    if (answer.kind === 'more') wanted = { names: new Set(), all: true }
    names = await lookups.answers(
      names
        .keys()
        .toArray()
        .concat([...answer.seen.names]),
    )
    answer = await ask()
  }
  const { files, keys, catalog: read } = answer.seen
  const unreachable = catalog ? unreachableIn(catalog, read, addressOf) : new Map<string, never>()
  const asked = new Map([...names].filter(([question]) => answer.seen.names.has(question)))
  const print = printOf(catalog, read)
  return {
    ...resultOf(answer),
    looked: { files, keys, catalog: read, print, names: asked, unreachable },
  }
}

function isUnfinished({ kind }: Answer): boolean {
  return kind === 'more' || kind === 'names'
}

function eachJobOf({ name, dest, each }: Pick<Resource, 'name' | 'dest' | 'each'>) {
  return each && { resource: name, list: each.list, name: fileOf(dest) }
}

function resultOf(answer: Answer) {
  if (answer.kind === 'content') {
    return { kind: answer.kind, content: Buffer.from(answer.content) }
  }
  if (answer.kind === 'items') return { kind: answer.kind, items: answer.items }
  if (answer.kind === 'waiting') return { kind: answer.kind }
  if (answer.kind === 'failed') {
    return { kind: answer.kind, error: new PortolanError(answer.code, answer.message) }
  }
  const what =
    answer.kind === 'names'
      ? 'names are looked up that depend on each other more than 7 times; use less'
      : 'the services changed while they were read'
  const error = new PortolanError(answer.kind === 'names' ? 'template' : 'store-down', what)
  return { kind: 'failed' as const, error }
}
