import type { AnswerHead } from '../http1/answer-head.ts'

let second = 0
let text = ''

/** The value of Date for an answer that is made, or has come, now (RFC 9110, 5.6.7). */
export function now(): string {
  const current = Math.floor(Date.now() / 1000)
  if (current !== second) text = new Date(current * 1000).toUTCString()
  second = current
  return text
}

/** Whether an endpoint has left out the time of its answer, so that we have to say it (RFC 9110, 6.6.1). */
export function isUndated({ date, status }: AnswerHead): boolean {
  return date < 0 && status > 199
}
