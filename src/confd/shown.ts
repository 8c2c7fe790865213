import { compare } from '../core/catalog.ts'
import type { Outcome } from './pass.ts'
import type { ResourceView } from './view.ts'

/** What passes over a resource have come to, as people see it. */
export type Shown = Omit<ResourceView, 'name' | 'src' | 'dest' | 'output' | 'reload'>

/** Before the first pass; `each`: the resource has `for_each`. */
export function nothingShown(each: boolean): Shown {
  return {
    state: 'waiting',
    lastRendered: null,
    lastPublished: null,
    lastError: null,
    nextTry: null,
    files: each ? [] : null,
  }
}

/** After another pass; `inMs`: when it is tried again by itself. */
export function shownAfter(
  { state, files }: Outcome,
  lastError: string | null,
  before: Shown,
  inMs: number | undefined,
): Shown {
  const now = new Date().toISOString()
  const rendered = state !== 'failed' && state !== 'waiting'
  const published = files.some((one) => one.state === 'written' || one.state === 'removed')
  const views = files
    .map(({ dest, state: is, error }) => ({ dest, state: is, error }))
    .toSorted((a, b) => compare(a.dest, b.dest))
  return {
    state,
    lastRendered: rendered ? now : before.lastRendered,
    lastPublished: published ? now : before.lastPublished,
    lastError,
    nextTry: inMs === undefined ? null : new Date(Date.now() + inMs).toISOString(),
    files: before.files && (files.length === 0 && state !== 'unchanged' ? before.files : views),
  }
}
