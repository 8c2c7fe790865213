import type { Catalog } from '../core/catalog.ts'
import { messageOf } from '../core/errors.ts'
import { anyChange, type Live } from '../core/live.ts'
import { createBell } from './bell.ts'
import type { AddressOf } from './catalog-view.ts'
import { scanFolder, templatesOf } from './folder.ts'
import type { Item } from './job.ts'
import { pairsOf } from './kv.ts'
import { createLookups } from './lookups.ts'
import { type OpenMirror, mirrorPool } from './mirrors.ts'
import { nothingLooked, renderResource } from './render.ts'
import { createRenderer } from './renderer.ts'
import type { Resource } from './resource.ts'
import { watchFolder } from './watch.ts'

export type PreviewOptions = {
  readonly folder: string
  /** A template, or the file of a resource. */
  readonly file: string
  readonly open: OpenMirror
  readonly catalog: Live<Catalog | undefined>
  readonly addressOf: AddressOf
  /** Gets what would be written, or why nothing would be, each time that it is something else. */
  readonly show: (text: string) => void
}

/**
 * Shows what a template gives, again at each change of the folder, of its keys and of services, until `signal` aborts.
 * Writes nothing. Keys are those of the resource that uses the template.
 */
export async function preview(options: PreviewOptions, signal: AbortSignal): Promise<void> {
  const { folder, catalog } = options
  const bell = createBell()
  const renderer = createRenderer(templatesOf(folder))
  signal.addEventListener('abort', () => renderer.close(), { once: true })
  const pool = mirrorPool(options.open)
  const lookups = createLookups()
  let keyless = new AbortController()
  let before: string | undefined
  const drawn = async () => {
    let keys = ''
    let entries: readonly ReturnType<typeof pool.use>[] = []
    for await (const _ of bell.rings({ minMs: 50, maxMs: 500 }, signal)) {
      const resource = await resourceOf(options)
      if (resource.keys.join('\n') !== keys || entries.length === 0) {
        keys = resource.keys.join('\n')
        keyless.abort()
        keyless = new AbortController()
        const lifetime = AbortSignal.any([signal, keyless.signal])
        entries = resource.keys.map((key) => pool.use(key, lifetime))
        for (const mirror of entries) void ringing(mirror.follow(lifetime))
      }
      const pairs = pairsOf(
        resource,
        entries.map((mirror) => mirror.entries),
      )
      const sources = { pairs, lookups, catalog: catalog.current, addressOf: options.addressOf }
      const rendered = await renderResource(resource, renderer, sources, nothingLooked)
      if (signal.aborted) return
      const text = textOf(rendered)
      if (text !== before) options.show(text)
      before = text
    }
  }
  const ringing = async (changes: AsyncIterable<unknown>) => {
    for await (const _ of changes) bell.ring()
  }
  const watching = watchFolder(folder, 2000, () => bell.ring(), signal)
  await Promise.all([watching, drawn(), ringing(anyChange([catalog], signal))])
}

type Shown = Pick<
  Resource,
  'name' | 'src' | 'dest' | 'each' | 'format' | 'renderTimeoutMs' | 'keys' | 'prefix'
>

/** The resource that is named, or that has the named template, or else one without keys. */
async function resourceOf({ folder, file }: PreviewOptions): Promise<Shown> {
  const { resources } = await scanFolder(folder)
  const list = [...resources.values()].map(({ resource }) => resource)
  const found = list.find(({ name, src }) => [name, src].includes(file) || file.endsWith(`/${src}`))
  return (
    found ?? {
      name: file,
      src: file,
      dest: '',
      each: undefined,
      format: undefined,
      renderTimeoutMs: 10_000,
      keys: [],
      prefix: '',
    }
  )
}

function textOf(rendered: Awaited<ReturnType<typeof renderResource>>): string {
  if (rendered.kind === 'content') return rendered.content.toString()
  if (rendered.kind === 'items') return rendered.items.map(textOfItem).join('')
  if (rendered.kind === 'waiting') return 'waiting for Docker and the store\n'
  return `${messageOf(rendered.error)}\n`
}

/** Under a line with its name, as `head` and `tail` show several files. */
function textOfItem({ label, name, content, fault }: Item): string {
  const text = content ?? `${fault}\n`
  return `==> ${name ?? label} <==\n${text}${text.endsWith('\n') ? '' : '\n'}`
}
