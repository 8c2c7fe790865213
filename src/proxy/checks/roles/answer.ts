/**
 * What tells an older primary from a newer one. `counted`: a number that grows with each primary, within one history
 * (PostgreSQL's timeline, MongoDB's election). `descent`: Redis counts nothing, but each new primary names the history
 * that it continues.
 */
export type Term =
  | {
      readonly kind: 'counted'
      /** What the number is counted in: those of two clusters say nothing of each other. */
      readonly history: string
      /** Greater as a text is newer. */
      readonly count: string
      readonly words: string
    }
  | {
      readonly kind: 'descent'
      readonly id: string
      /** When the process began, milliseconds since the epoch; not before it, and up to a second after. */
      readonly startedMs: number
      readonly words: string
    }

/** One history of Redis that goes on from another. */
export type Descent = { readonly id: string; readonly parent: string }

/** What an endpoint says of itself. */
export type RoleAnswer = {
  /** `other`: it answers, and is neither. */
  readonly role: 'primary' | 'replica' | 'other'
  /** In words. */
  readonly why: string
  readonly term?: Term
  /** It hears nothing of its primary now. */
  readonly isBehind?: boolean
  /** A replica that has no data yet, unless it has been seen with some. */
  readonly mayBeEmpty?: boolean
  readonly descent?: Descent
}

/** No answer, or one that says nothing. */
export type Silence = {
  readonly role: undefined
  readonly why: string
  /** What its owner can do about it, if that is known. */
  readonly remedy?: string
}

/** Why a probe learns nothing, with what to do about it. */
export class ProbeRefused extends Error {
  override readonly name = 'ProbeRefused'
  readonly remedy: string

  constructor(why: string, remedy: string) {
    super(why)
    this.remedy = remedy
  }
}
