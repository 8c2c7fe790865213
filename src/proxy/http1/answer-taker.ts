import type { AnswerHead } from './answer-head.ts'

/** Why a connection was lost. */
export type Loss = 'closed' | 'malformed' | 'late' | 'paused'

/** Who gets what comes over a connection to an endpoint. */
export type AnswerTaker = {
  /** Whether it matters if somebody may have read what was sent, when the connection is lost without an answer. */
  readonly mustKnow: boolean
  /** The connection is there. */
  onConnected(): void
  /** So much of a head is here now that is not whole. */
  onPartial(bytes: number): void
  /** The head of an interim answer; false if there are too many. */
  onInterim(head: AnswerHead, bytes: Buffer): boolean
  /** The head of the answer; its content ends as `ends` says, a value of `framing`. */
  onAnswer(head: AnswerHead, bytes: Buffer, ends: number): void
  /** A piece of the content. The bytes are good until the call returns; true if they are in use for longer. */
  onPiece(bytes: Buffer, start: number, end: number): boolean
  onAnswerEnd(): void
  /** All that was read at once has been handed over. */
  onRead(): void
  /** All that was written has gone. */
  onSent(): void
  /** The connection has ended before the answer. Nothing comes after it. */
  onLost(loss: Loss): void
}

/** What an exchange expects of the connection that it uses. */
export type Expected = 'content' | 'no content' | 'upgrade'
