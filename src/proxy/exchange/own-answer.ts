import { http } from '../../core/node-http.ts'
import type { AnswerDraft, OwnAnswer } from '../middleware/draft.ts'
import { HeaderLines } from '../middleware/header-lines.ts'
import { type Answer, bodyOf } from './answers.ts'
import { now } from './date.ts'

/** `answer` with its body: JSON or a small page, as `accept` says, unless it has one. */
export function wholeAnswer(answer: Answer | OwnAnswer, accept: string): OwnAnswer {
  const { status, why } = answer
  const given = 'headers' in answer ? answer.headers : []
  if ('body' in answer && answer.body) return { status, why, headers: given, body: answer.body }
  const { type, body } = bodyOf({ status, why }, accept)
  const headers = ['Content-Type', type, 'Cache-Control', 'no-store', ...given]
  headers.push('X-Content-Type-Options', 'nosniff')
  if ('retryAfterSeconds' in answer) headers.push('Retry-After', String(answer.retryAfterSeconds))
  return { status, why, headers, body: Buffer.from(body) }
}

export function ownDraft({ status, headers, body }: OwnAnswer): AnswerDraft {
  return { own: true, status, headers: new HeaderLines(headers), length: body?.length ?? 0 }
}

/** The head of an answer of our own; `added` stands at its end. */
export function ownHead({ status, headers, body }: OwnAnswer, added: string): string {
  const lines = new HeaderLines(headers)
  lines.removeIf((name) => name === 'content-length' || name === 'transfer-encoding')
  if (!lines.has('date')) lines.append('Date', now())
  const length = hasNoBody(status) ? '' : `Content-Length: ${body?.length ?? 0}\r\n`
  const name = http.STATUS_CODES[status] ?? 'Error'
  return `HTTP/1.1 ${status} ${name}\r\n${lines.text()}${length}${added}\r\n`
}

/** RFC 9110, 6.4.1. */
export function hasNoBody(status: number): boolean {
  return status === 204 || status === 304
}
