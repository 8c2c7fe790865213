import type { Chosen } from '../core/address.ts'
import type { Catalog } from '../core/catalog.ts'
import { PortolanError } from '../core/errors.ts'
import type { Instance } from '../core/instance.ts'
import { kvFunctions, type Pairs } from './kv.ts'
import type { Resource } from './resource.ts'
import { serviceFunctions } from './services.ts'
import type { ReadFiles, Templates } from './template.ts'
import { textFunctions } from './text.ts'

/** What a render reads. `catalog` is undefined as long as it is not known. */
export type Sources = {
  readonly pairs: Pairs
  readonly catalog: Catalog | undefined
  readonly addressOf: (instance: Instance) => Chosen
}

/** What a render has looked at, so that one knows when to look again; also when it failed. */
export type Looked = {
  readonly files: ReadFiles
  readonly catalog: boolean
  /** Ready instances that were left out, and why. */
  readonly unreachable: ReadonlyMap<string, Chosen & { readonly ok: false }>
}

export type Rendered = { readonly looked: Looked } & (
  | { readonly kind: 'content'; readonly content: Buffer }
  /** It asked for the catalog, which is not known yet. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'failed'; readonly error: unknown }
)

/** Renders the template of `resource`. Never throws; writes nothing. */
export function renderResource(
  { src }: Pick<Resource, 'src'>,
  templates: Templates,
  sources: Sources,
): Rendered {
  const looked = {
    files: new Map<string, string>(),
    catalog: false,
    unreachable: new Map<string, Chosen & { readonly ok: false }>(),
  }
  try {
    const content = Buffer.from(templates.render(src, globalsOf(sources, looked), looked.files))
    return { kind: 'content', content, looked }
  } catch (error) {
    if (looked.catalog && !sources.catalog) return { kind: 'waiting', looked }
    return { kind: 'failed', error, looked }
  }
}

type Notes = {
  catalog: boolean
  readonly unreachable: Map<string, Chosen & { readonly ok: false }>
}

function globalsOf({ pairs, catalog, addressOf }: Sources, looked: Notes): object {
  const known = () => {
    looked.catalog = true
    if (!catalog) throw new PortolanError('store-down', 'the services are not known yet')
    return serviceFunctions({
      catalog,
      addressOf,
      onUnreachable: ({ name }, chosen) => looked.unreachable.set(name, chosen),
    })
  }
  return {
    ...textFunctions,
    ...kvFunctions(pairs),
    get services() {
      return known().services()
    },
    get instances() {
      return known().instances()
    },
    service: (name: string, fallback?: unknown) => known().service(name, fallback),
  }
}
