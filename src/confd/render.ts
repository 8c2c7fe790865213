import type { Chosen } from '../core/address.ts'
import type { Catalog } from '../core/catalog.ts'
import { PortolanError } from '../core/errors.ts'
import { type AddressOf, unreachableIn, viewCatalog } from './catalog-view.ts'
import type { Answer } from './job.ts'
import type { Pairs } from './kv.ts'
import { type CatalogRead, type KeysRead, noCatalog, printOf } from './reads.ts'
import type { Renderer } from './renderer.ts'
import type { Resource } from './resource.ts'

/** What a render reads. `catalog` is undefined as long as it is not known. */
export type Sources = {
  readonly pairs: Pairs
  readonly catalog: Catalog | undefined
  readonly addressOf: AddressOf
}

/** What a render has looked at, so that one knows when to look again; also when it failed. */
export type Looked = {
  readonly files: ReadonlyMap<string, string>
  /** Undefined: nothing was rendered yet. */
  readonly keys: KeysRead | undefined
  readonly catalog: CatalogRead
  /** `printOf` the catalog that it got. */
  readonly print: readonly unknown[]
  /** Ready instances that were left out, and why. */
  readonly unreachable: ReadonlyMap<string, Chosen & { readonly ok: false }>
}

export const nothingLooked: Looked = {
  files: new Map(),
  keys: undefined,
  catalog: noCatalog(),
  print: [],
  unreachable: new Map(),
}

export type Rendered = { readonly looked: Looked } & (
  | { readonly kind: 'content'; readonly content: Buffer }
  /** It asked for the catalog, which is not known yet. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'failed'; readonly error: unknown }
)

/**
 * Renders the template of `resource`. Never rejects; writes nothing. The template gets the services that it had read
 * `before`, and all of them if it turns out to want others.
 */
export async function renderResource(
  { src, format, renderTimeoutMs }: Pick<Resource, 'src' | 'format' | 'renderTimeoutMs'>,
  renderer: Pick<Renderer, 'render'>,
  { pairs, catalog, addressOf }: Sources,
  before: Looked,
): Promise<Rendered> {
  const ask = (read: Pick<CatalogRead, 'names' | 'all'>) =>
    renderer.render({
      src,
      pairs,
      format,
      limitMs: renderTimeoutMs,
      catalog: catalog && viewCatalog(catalog, read, addressOf),
    })
  let answer = await ask(before.catalog)
  if (answer.kind === 'more') answer = await ask({ names: new Set(), all: true })
  const { files, keys, catalog: read } = answer.seen
  const unreachable = catalog ? unreachableIn(catalog, read, addressOf) : new Map<string, never>()
  const looked = { files, keys, catalog: read, print: printOf(catalog, read), unreachable }
  return { ...resultOf(answer), looked }
}

function resultOf(answer: Answer) {
  if (answer.kind === 'content') {
    return { kind: answer.kind, content: Buffer.from(answer.content) }
  }
  if (answer.kind === 'waiting') return { kind: answer.kind }
  if (answer.kind === 'failed') {
    return { kind: answer.kind, error: new PortolanError(answer.code, answer.message) }
  }
  const error = new PortolanError('store-down', 'the services changed while they were read')
  return { kind: 'failed' as const, error }
}
