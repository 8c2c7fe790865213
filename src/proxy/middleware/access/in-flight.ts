import { refusal } from '../draft.ts'
import { runningCounts, tagger } from '../share.ts'
import type { Site, Stage } from '../stage.ts'
import { type SourceOptions, sourceReader } from './sources.ts'

/** So many requests at a time for each source. */
export function inFlight(
  options: { readonly amount: number; readonly source?: SourceOptions },
  id: string,
  { share, seat }: Site,
): Stage {
  const sourceOf = sourceReader(options.source)
  const tagOf = tagger(share)
  const counts = runningCounts(share, seat)
  const answer = refusal(429, 'Too many requests at a time.', ['Retry-After', '1'])
  return (request) => {
    const tag = tagOf(`running ${id} ${sourceOf(request) ?? ''}`)
    if (!counts.enter(tag, options.amount)) return { answer }
    return { hooks: { done: () => counts.leave(tag) } }
  }
}
