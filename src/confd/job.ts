import { formatDuration } from '../core/duration.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { CatalogView } from './catalog-view.ts'
import type { Format } from './format.ts'
import type { CatalogRead, KeysRead } from './reads.ts'

/** One render, as it goes to the process that does it: plain data only. */
export type Job = {
  readonly src: string
  readonly pairs: ReadonlyMap<string, string>
  /** Undefined as long as it is not known. */
  readonly catalog: CatalogView | undefined
  /** What the output has to be. */
  readonly format: Format | undefined
  /** Of the template's own work. */
  readonly limitMs: number
}

/** What a template has looked at, as far as it came. */
export type Seen = {
  /** With the state that they had (`stampOf`). */
  readonly files: ReadonlyMap<string, string>
  readonly keys: KeysRead
  readonly catalog: CatalogRead
}

export type Answer = { readonly seen: Seen } & (
  | { readonly kind: 'content'; readonly content: string }
  /** It asked for the catalog, which is not known yet. */
  | { readonly kind: 'waiting' }
  /** It asked for services that were not sent along: it has to get all. */
  | { readonly kind: 'more' }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }
)

/** What is said of a template that was cut off. */
export function overdue({ src, limitMs }: Pick<Job, 'src' | 'limitMs'>): string {
  return (
    `template ${src} is not done after ${formatDuration(limitMs)}; ` +
    'look for a loop or a pattern that has no end, or give it longer: render_timeout'
  )
}
