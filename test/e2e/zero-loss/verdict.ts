import type { Asked, Ended, Ledger } from './ledger.ts'

/** Why a failure is none of the proxy's; undefined: it is. */
type Excuse = 'seen by that replica' | 'on its way to one' | undefined

export type Verdict = {
  readonly operations: number
  readonly requests: number
  /** Failures without an excuse, for people. */
  readonly failed: readonly string[]
  readonly excused: readonly string[]
  /** Ids of POSTs that were acted on more than once; and of those whose answer lies. */
  readonly twice: readonly string[]
  readonly never: readonly string[]
}

/** What is asked so late before the end of a deaf replica must not get there, with room for a busy machine. */
const deafMs = 500

export function verdictOf(book: Ledger): Verdict {
  const judged = book.failures.map((asked) => ({ asked, excuse: excuseOf(asked, book) }))
  const lines = (isExcused: boolean) =>
    judged
      .filter(({ excuse }) => (excuse !== undefined) === isExcused)
      .map(({ asked, excuse }) => lineOf(asked, book) + (excuse ? ` (${excuse})` : ''))
  return {
    operations: book.operations.length,
    requests: [...book.counts.values()].reduce((sum, count) => sum + count, 0),
    failed: lines(false),
    excused: lines(true),
    twice: [...book.acted].filter(([, by]) => by.length > 1).map(([id]) => id),
    never: [...book.confirmed].filter((id) => !book.acted.has(id)),
  }
}

/**
 * A request that was in flight at a replica when that was killed or paused, and must not be asked of another: a POST, and
 * whatever has been answered in part.
 */
function excuseOf(asked: Asked, book: Ledger): Excuse {
  const sights = book.seen.get(asked.id) ?? []
  const at = asked.replica ?? sights[0]?.replica
  if (asked.kind !== 'POST' && asked.replica === undefined) return undefined
  const during = book.ends.filter((end) => asked.fromMs <= end.atMs && asked.toMs >= end.fromMs)
  const isSeen = during.some((end) => end.replica === at && isHard(end, asked))
  if (isSeen) return 'seen by that replica'
  const isLost = at === undefined && during.some(({ how }) => how === 'killed' || how === 'paused')
  return isLost ? 'on its way to one' : undefined
}

function isHard({ how, atMs }: Ended, { fromMs }: Asked): boolean {
  return how === 'killed' || how === 'paused' || (how === 'deaf' && fromMs < atMs - deafMs)
}

/** When, what, how it failed, where, and what was being done meanwhile. */
function lineOf(asked: Asked, { operations, seen, acted }: Ledger): string {
  const [first] = operations
  const since = (ms: number) => `${ms - (first?.fromMs ?? 0)} ms`
  const around = operations.filter(
    ({ fromMs, toMs }) => fromMs <= asked.toMs && toMs >= asked.fromMs,
  )
  const of = (sights: Ledger['seen'], what: string) =>
    (sights.get(asked.id) ?? []).map(
      ({ replica, atMs }) => `${what} by ${replica} at ${since(atMs)}`,
    )
  return [
    `${since(asked.fromMs)} to ${since(asked.toMs)}`,
    `${asked.kind} ${asked.id} of ${asked.service} (${asked.connection})`,
    asked.failure,
    asked.replica === undefined ? 'no answer' : `answer of ${asked.replica}`,
    ...of(seen, 'seen'),
    ...of(acted, 'acted on'),
    ...around.map(
      ({ name, service, fromMs, toMs }) =>
        `during ${name} of ${service} ${since(fromMs)} to ${since(toMs)}`,
    ),
  ].join('; ')
}
