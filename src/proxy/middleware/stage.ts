import type { Transform } from 'node:stream'

import type { AnswerDraft, OwnAnswer, RequestDraft } from './draft.ts'
import type { Share } from './share.ts'

/** A middleware ready for work. It sees a request, and says what it wants of it. */
export type Stage = (request: RequestDraft) => Step | Promise<Step>

/** Nothing: the request goes on. Or: this answer instead. Or: it goes on, and there is more to do with it. */
export type Step = undefined | { readonly answer: OwnAnswer } | { readonly hooks: Hooks }

/** What a stage does with a request that it has let pass. Answers are seen from the inside out. */
export type Hooks = {
  /** Of every answer, the proxy's own ones too. */
  readonly answered?: (answer: AnswerDraft) => void
  /** An answer to send instead; none if it gives undefined. */
  readonly replaced?: (
    answer: AnswerDraft,
  ) => OwnAnswer | Promise<OwnAnswer | undefined> | undefined
  /** What an endpoint's body is to be put through, once its head is final. */
  readonly coder?: (answer: AnswerDraft) => Coder | undefined
  readonly limits?: Limits
  /** Milliseconds until another endpoint is tried; undefined: that is all. */
  readonly again?: (failure: Failure) => number | undefined
  /** Exactly once, whatever happens. */
  readonly done?: (end: End) => void
}

/** Makes what a body is put through; the answer to a HEAD has none. */
export type Coder = () => Transform

/** Undefined: as usual. Of several the strictest counts. */
export type Limits = {
  readonly connectMs?: number | undefined
  readonly firstByteMs?: number | undefined
  readonly idleMs?: number | undefined
  readonly requestBytes?: number | undefined
  readonly responseBytes?: number | undefined
  /** How much of a body is kept for another attempt; of several the most. */
  readonly keptBytes?: number | undefined
}

/** An attempt that brought no answer, or one that may not be wanted. */
export type Failure = {
  /** Attempts so far, this one among them. */
  readonly attempt: number
  /** `sent`: the endpoint may have acted on it, and said nothing. */
  readonly kind: 'connect' | 'sent' | 'timeout' | 'status'
  readonly status: number | undefined
  readonly idempotent: boolean
}

/** What became of a request. */
export type End = {
  /** Undefined: the client left before it had an answer. */
  readonly status: number | undefined
  /** No endpoint answered. */
  readonly failed: boolean
  /** From the middleware's turn to the last byte. */
  readonly tookMs: number
}

/** What stages need of the process that they run in. */
export type Site = {
  /** The same clock in all threads; milliseconds. */
  readonly nowMs: () => number
  readonly share: Share
  /** Which of the sharers this is, from 0 on. */
  readonly seat: number
  /** Whether one of our own listeners is there: what labels name must not lead to it. */
  readonly isOwn: (ip: string, port: number) => boolean
  /** Where clients reach our entrypoint https; undefined: it is not open. */
  readonly httpsPort: () => number | undefined
  readonly pageOf: (page: PageRequest) => Promise<OwnAnswer | undefined>
}

/** Asks for a page of a service; undefined comes if there is none to be had. */
export type PageRequest = {
  /** `serviceId` of who asks; the other one is `service`, as it is called there. */
  readonly asker: string
  readonly service: string
  /** With query. */
  readonly path: string
  readonly request: RequestDraft
}

/** Whose stage it is: of a route to `service`, with an id of its own that is the same in every thread. */
export type Owner = { readonly id: string; readonly service: string }
