import { type AnswerDraft, refusal } from '../draft.ts'
import type { Failure, Stage } from '../stage.ts'
import { statusReader } from './statuses.ts'

/** Refuses larger bodies: by their length if it is said, else when they have become too long. */
export function maxBody(options: {
  readonly requestBytes?: number | undefined
  readonly responseBytes?: number | undefined
}): Stage {
  const { requestBytes = Infinity, responseBytes = Infinity } = options
  const tooLarge = { answer: refusal(413, 'The request is too large.') }
  const answerTooLarge = refusal(500, "The service's answer is too large.")
  const isTooLarge = ({ length = 0 }: AnswerDraft) => length > responseBytes
  const hooks = {
    limits: options,
    replaced: (answer: AnswerDraft) => (isTooLarge(answer) ? answerTooLarge : undefined),
  }
  return ({ headers }) =>
    Number(headers.get('content-length') ?? 0) > requestBytes ? tooLarge : { hooks }
}

/** How long the endpoint may take. */
export function timeout(options: {
  readonly connectMs?: number | undefined
  readonly firstByteMs?: number | undefined
  readonly idleMs?: number | undefined
}): Stage {
  const step = { hooks: { limits: options } }
  return () => step
}

/** Between two attempts at most. */
const mostPauseMs = 10_000
/** What of a body is kept for another attempt, unless it is said. */
const usualBytes = 65_536

/** Tries again, with pauses that grow, what brought no answer or one of these statuses; `attempts` in all. */
export function retry(options: {
  readonly attempts: number
  readonly initialIntervalMs: number
  readonly status: readonly string[]
  readonly nonIdempotent: boolean
  readonly maxBodyBytes?: number | undefined
}): Stage {
  const { attempts, initialIntervalMs, nonIdempotent, maxBodyBytes = usualBytes } = options
  const isUnwanted = statusReader(options.status)
  const again = ({ attempt, kind, status, idempotent }: Failure): number | undefined => {
    if (attempt >= attempts) return undefined
    if (kind === 'status' && !isUnwanted(status ?? 0)) return undefined
    if (kind !== 'connect' && !idempotent && !nonIdempotent) return undefined
    return Math.min(initialIntervalMs * 1.5 ** (attempt - 1), mostPauseMs)
  }
  const step = { hooks: { again, limits: { keptBytes: maxBodyBytes } } }
  return () => step
}
