import { cr, lf, space, valueBytes } from './bytes.ts'
import { readOptions } from './connection-options.ts'
import { coding, Fields, more } from './fields.ts'
import { isHttp1 } from './request-head.ts'

/** Where the body of a message ends. */
export const framing = { none: 0, length: 1, chunked: 2, close: 3 } as const

/** The head of an answer (RFC 9112, 4). One of it serves a whole worker, as of `RequestHead`. */
export class AnswerHead extends Fields {
  status = 0

  /**
   * The head that begins at `start`. Returns its end; or `more`; or below zero, for a head that nobody must get, -502,
   * and then `why` says why.
   */
  scan(bytes: Buffer, start: number, end: number): number {
    this.reset(start)
    const at = this.statusLine(bytes, start, end)
    const found = at <= 0 ? at : this.scanFields(bytes, at, end)
    if (found > 0 && this.options) readOptions(this, bytes)
    return found < 0 ? -502 : found
  }

  /**
   * Where its body ends (RFC 9112, 6.3), if the request was a HEAD or not; below zero if that could be read in two
   * ways.
   */
  framing(isHead: boolean): number {
    const { status } = this
    if (this.coding !== coding.none) {
      if (this.coding !== coding.chunked) return this.refuse(502, 'an unknown Transfer-Encoding')
      if (this.contentLength >= 0) return this.refuse(502, 'Content-Length and Transfer-Encoding')
      if (this.minor === 0) return this.refuse(502, 'Transfer-Encoding in HTTP/1.0')
    }
    if (isHead || status < 200 || status === 204 || status === 304) return framing.none
    if (this.coding === coding.chunked) return framing.chunked
    return this.contentLength >= 0 ? framing.length : framing.close
  }

  private statusLine(bytes: Buffer, start: number, end: number): number {
    const known = end - start
    if (known < 13) return this.begins(bytes, start, end)
    const minor = (bytes[start + 7] ?? 0) - 0x30
    if (!isHttp1(bytes, start) || minor < 0 || minor > 1 || bytes[start + 8] !== space) {
      return this.refuse(502, malformed)
    }
    this.minor = minor
    this.status = statusOf(bytes, start + 9)
    if (this.status < 100) return this.refuse(502, malformed)
    let at = start + 12
    if (bytes[at] === space) while (at < end && valueBytes[bytes[at] ?? 0] === 1) at++
    if (at === end) return this.incomplete(end)
    if (bytes[at] !== cr) return this.refuse(502, malformed)
    if (at + 1 === end) return more
    return bytes[at + 1] === lf ? at + 2 : this.refuse(502, malformed)
  }

  /** So that something else than HTTP is not waited for. */
  private begins(bytes: Buffer, start: number, end: number): number {
    return 'HTTP/1.'.startsWith(bytes.latin1Slice(start, Math.min(end, start + 7)))
      ? more
      : this.refuse(502, malformed)
  }
}

const malformed = 'the status line is malformed'

/** Three digits, or -1. */
function statusOf(bytes: Buffer, start: number): number {
  let status = 0
  for (let at = start; at < start + 3; at++) {
    const digit = (bytes[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return -1
    status = status * 10 + digit
  }
  return status
}
