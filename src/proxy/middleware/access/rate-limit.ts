import { refusal } from '../draft.ts'
import { rates } from '../rates.ts'
import { tagger } from '../share.ts'
import type { Site, Stage } from '../stage.ts'
import { type SourceOptions, sourceReader } from './sources.ts'

/** So many requests in each period, and `burst` at once, for each source; 0 is without limit. */
export function rateLimit(
  options: {
    readonly average: number
    readonly periodMs: number
    readonly burst: number
    readonly source?: SourceOptions
  },
  id: string,
  { share, nowMs }: Site,
): Stage {
  const { average, periodMs, burst } = options
  const sourceOf = sourceReader(options.source)
  const tagOf = tagger(share)
  const buckets = rates(share)
  return (request) => {
    if (average === 0) return undefined
    const tag = tagOf(`rate ${id} ${sourceOf(request) ?? ''}`)
    const waitMs = buckets.take(tag, periodMs / average, burst, nowMs())
    if (waitMs === 0) return undefined
    const seconds = String(Math.ceil(waitMs / 1000))
    return { answer: refusal(429, 'Too many requests.', ['Retry-After', seconds]) }
  }
}
