import type { OutgoingHttpHeaders } from 'node:http2'

import type { Framing, Head } from './message-reader.ts'
import { isOfOneConnection, sayable } from './one-connection.ts'

/** The head of an answer of HTTP/1.1, for HTTP/2. */
export type AnswerHead = {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly framing: Framing
  /** The connection will end after it. */
  readonly isLast: boolean
}

/** `isHead`: what the answer is to. */
export function answerHead({ line, headers: raw }: Head, isHead: boolean): AnswerHead {
  const status = sayable(Number(line.slice(9, 12)))
  // an object would have a `constructor` before there is one
  const headers = new Map<string, string | string[]>()
  let length: number | undefined
  let isChunked = false
  let isLast = false
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = '', value = ''] = [raw[at], raw[at + 1]]
    if (name === 'transfer-encoding') isChunked = true
    if (name === 'connection' && /\bclose\b/i.test(value)) isLast = true
    if (name === 'content-length') length = Number(value)
    if (isOfOneConnection(name)) continue
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : [before, value].flat())
  }
  return {
    status,
    headers: { ':status': status, ...Object.fromEntries(headers) },
    framing: framingOf(status, isHead, isChunked, length),
    isLast,
  }
}

function framingOf(
  status: number,
  isHead: boolean,
  isChunked: boolean,
  length: number | undefined,
): Framing {
  if (isHead || status === 204 || status === 304) return 'none'
  if (isChunked) return 'chunked'
  return length === undefined ? 'close' : { length }
}
