import type { OutgoingHttpHeaders } from 'node:http2'

import type { Framing, Head } from './message-reader.ts'

/** The head of an answer of HTTP/1.1, for HTTP/2. */
export type AnswerHead = {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly framing: Framing
  /** The connection will end after it. */
  readonly isLast: boolean
}

/** Of one connection, which HTTP/2 has no words for (RFC 9113, 8.2.2). */
const specific = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** `isHead`: what the answer is to. */
export function answerHead({ line, headers: raw }: Head, isHead: boolean): AnswerHead {
  const status = Number(line.slice(9, 12))
  const headers: Record<string, string | string[]> = {}
  let length: number | undefined
  let isChunked = false
  let isLast = false
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = '', value = ''] = [raw[at], raw[at + 1]]
    if (name === 'transfer-encoding') isChunked = true
    if (name === 'connection' && /\bclose\b/i.test(value)) isLast = true
    if (name === 'content-length') length = Number(value)
    if (specific.has(name)) continue
    const before = headers[name]
    headers[name] = before === undefined ? value : [before, value].flat()
  }
  return {
    status,
    headers: { ':status': status, ...headers },
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
