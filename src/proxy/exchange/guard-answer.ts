import { type AnswerHead, framing } from '../http1/answer-head.ts'
import { endToEnd } from '../middleware/ask/lines.ts'
import type { AnswerDraft } from '../middleware/draft.ts'
import { HeaderLines } from '../middleware/header-lines.ts'

/** The head of an endpoint's answer as middlewares see it. */
export function answerDraft(head: AnswerHead, bytes: Buffer, ends: number): AnswerDraft {
  const headers = endToEnd(HeaderLines.in(bytes.latin1Slice(head.fieldsStart, head.end - 2)))
  const length = ends === framing.length ? head.contentLength : undefined
  return { own: false, status: head.status, headers, length: ends === framing.none ? 0 : length }
}

/** Gives the head as it has become: its lines without framing and without the empty one. */
export function changedHead(head: AnswerHead, bytes: Buffer, draft: AnswerDraft): () => string {
  const line = bytes.latin1Slice(head.start + 'HTTP/1.x'.length, head.fieldsStart)
  return () => `HTTP/1.1${line}${draft.headers.text()}via: 1.1 portolan\r\n`
}
