import { formatDuration } from '../core/duration.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { CatalogView } from './catalog-view.ts'
import type { Format } from './format.ts'
import type { NameAnswer, Question } from './names.ts'
import type { CatalogRead, KeysRead } from './reads.ts'

/** One render, as it goes to the process that does it: plain data only. */
export type Job = {
  readonly src: string
  /** Undefined: one file. */
  readonly each: EachJob | undefined
  readonly pairs: ReadonlyMap<string, string>
  /** Undefined as long as it is not known. */
  readonly catalog: CatalogView | undefined
  /** Names that have been looked up. */
  readonly names: ReadonlyMap<Question, NameAnswer>
  /** What the output has to be. */
  readonly format: Format | undefined
  /** Of the template's own work. */
  readonly limitMs: number
}

/** The expression of a list, and the template of a file's name, for each of which the job is done. */
export type EachJob = {
  /** For messages. */
  readonly resource: string
  readonly list: string
  readonly name: string
}

/** One file of several; without `name` even that is not known, without `content` it says why. */
export type Item = {
  /** What people would call it. */
  readonly label: string
  readonly name?: string
  readonly content?: string
  readonly fault?: string
}

/** What a template has looked at, as far as it came. */
export type Seen = {
  /** With the state that they had (`stampOf`). */
  readonly files: ReadonlyMap<string, string>
  readonly keys: KeysRead
  readonly catalog: CatalogRead
  readonly names: ReadonlySet<Question>
}

export type Answer = { readonly seen: Seen } & (
  | { readonly kind: 'content'; readonly content: string }
  | { readonly kind: 'items'; readonly items: readonly Item[] }
  /** It asked for the catalog, which is not known yet. */
  | { readonly kind: 'waiting' }
  /** It asked for services that were not sent along: it has to get all. */
  | { readonly kind: 'more' }
  /** It asked for names that have to be looked up first. */
  | { readonly kind: 'names' }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }
)

/** What is said of a template that was cut off. */
export function overdue({ src, limitMs }: Pick<Job, 'src' | 'limitMs'>): string {
  return (
    `template ${src} is not done after ${formatDuration(limitMs)}; ` +
    'look for a loop or a pattern that has no end, or give it longer: render_timeout'
  )
}
