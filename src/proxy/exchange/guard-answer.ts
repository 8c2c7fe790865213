import type { AnswerHead } from '../http1/answer-head.ts'
import { endToEnd } from '../middleware/ask/lines.ts'
import type { AnswerDraft } from '../middleware/draft.ts'
import { HeaderLines } from '../middleware/header-lines.ts'
import { isUndated, now } from './date.ts'
import { hasNoBody } from './own-answer.ts'

/** The head of an endpoint's answer as middlewares see it. */
export function answerDraft(head: AnswerHead, bytes: Buffer): AnswerDraft {
  const headers = endToEnd(HeaderLines.in(bytes.latin1Slice(head.fieldsStart, head.end - 2)))
  if (isUndated(head)) headers.append('Date', now())
  return { own: false, status: head.status, headers, length: lengthOf(head) }
}

function lengthOf({ status, contentLength }: AnswerHead): number | undefined {
  if (status < 200 || hasNoBody(status)) return 0
  return contentLength < 0 ? undefined : contentLength
}

/** Gives the head as it has become: its lines without framing and without the empty one. */
export function changedHead(head: AnswerHead, bytes: Buffer, draft: AnswerDraft): () => string {
  const line = bytes.latin1Slice(head.start + 'HTTP/1.x'.length, head.fieldsStart)
  return () => `HTTP/1.1${line}${draft.headers.text()}via: 1.1 portolan\r\n`
}
