import type { Ancestry } from './ancestry.ts'
import type { Term } from './answer.ts'

/** An endpoint that says it is primary. */
export type Claim = { readonly identity: string; readonly term: Term | undefined }

/** The primary that was believed last. */
export type Accepted = Claim & {
  /** Since when, milliseconds since the epoch. */
  readonly sinceMs: number
  /** It is still there, whether it answers or not. */
  readonly isListed: boolean
}

export type Decision = {
  /** Whom to believe, if anybody. */
  readonly primary: string | undefined
  /** Those who are not believed, and why. */
  readonly fenced: ReadonlyMap<string, 'older' | 'equal'>
}

/**
 * Who of those that say they are primary is it: the newest, if one is newer than all others and not older than the one
 * that was believed last; else nobody, because what is written to one of two would be lost. Pure.
 */
export function decided(
  claims: readonly Claim[],
  last: Accepted | undefined,
  ancestry: Pick<Ancestry, 'descends'>,
): Decision {
  const isOlder = (one: Claim, than: Claim) =>
    isNewer(than.term, one.term, ancestry) || isRestarted(one, than, last, ancestry)
  const fenced = new Map<string, 'older' | 'equal'>()
  const able = claims.filter((one) => {
    const older = last !== undefined && one.identity !== last.identity && isOlder(one, last)
    if (older) fenced.set(one.identity, 'older')
    return !older
  })
  const newest = able.find((one) => able.every((other) => other === one || isOlder(other, one)))
  for (const { identity } of able) {
    if (!newest) fenced.set(identity, 'equal')
    else if (identity !== newest.identity) fenced.set(identity, 'older')
  }
  return { primary: newest?.identity, fenced }
}

/** Whether a primary of term `a` came after one of term `b`; false also when nothing can tell. */
function isNewer(
  a: Term | undefined,
  b: Term | undefined,
  { descends }: Pick<Ancestry, 'descends'>,
): boolean {
  if (a?.kind === 'counted' && b?.kind === 'counted') {
    return a.history === b.history && a.count > b.count
  }
  return a?.kind === 'descent' && b?.kind === 'descent' && descends(a.id, b.id)
}

/** How much later than the truth a time of start may be. */
const startErrorMs = 1500

/**
 * Whether `one` is a Redis that began, as a primary of its own, when `than` was believed already, and does not go on
 * from it: an old primary that comes back before anybody has told it that there is a new one.
 */
function isRestarted(
  { term }: Claim,
  than: Claim,
  last: Accepted | undefined,
  ancestry: Pick<Ancestry, 'descends'>,
): boolean {
  if (!last?.isListed || than.identity !== last.identity || term?.kind !== 'descent') return false
  if (isNewer(term, than.term, ancestry)) return false
  return term.startedMs - startErrorMs > last.sinceMs
}
