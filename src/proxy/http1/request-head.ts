import { cr, lf, space, targetBytes, tokenBytes } from './bytes.ts'
import { readOptions } from './connection-options.ts'
import { Fields, more } from './fields.ts'
import { limits } from './limits.ts'

const mark = 0x3f
const percent = 0x25
const dot = 0x2e
const slash = 0x2f

/**
 * The head of a request (RFC 9112, 3). One of it serves a whole worker: what is to outlast the next scan has to be
 * copied.
 */
export class RequestHead extends Fields {
  methodEnd = 0
  targetStart = 0
  targetEnd = 0
  /** Of the first question mark in the target; -1 for none. */
  query = -1
  /** The path may have escapes or dot segments to be resolved. */
  unusual = false
  /** Connection names Upgrade. */
  wantsUpgrade = false

  /**
   * The head that begins at `start`. Returns its end; or `more` if it is not all there; or below zero the status to
   * refuse it with, and then `why` says why.
   */
  scan(bytes: Buffer, start: number, end: number): number {
    this.reset(start)
    this.query = -1
    this.unusual = false
    let at = start
    while (at < end && tokenBytes[bytes[at] ?? 0] === 1) at++
    if (at - start > limits.method) return this.refuse(400, 'the method is too long')
    if (at === end) return more
    if (at === start || bytes[at] !== space) return this.refuse(400, malformed)
    this.methodEnd = at
    at = this.target(bytes, at + 1, end)
    if (at <= 0) return at
    at = this.version(bytes, at + 1, end)
    if (at <= 0) return at
    at = this.scanFields(bytes, at, end)
    this.wantsUpgrade = at > 0 && this.options && readOptions(this, bytes)
    return at
  }

  /** Returns its end. */
  private target(bytes: Buffer, start: number, end: number): number {
    let at = start
    let byte = 0
    for (; at < end; at++) {
      byte = bytes[at] ?? 0
      if (targetBytes[byte] !== 1) break
      if (this.query >= 0) continue
      if (byte === mark) this.query = at
      else if (byte === percent || (byte === dot && bytes[at - 1] === slash)) this.unusual = true
    }
    if (at - start > limits.target) return this.refuse(414, 'the request target is too long')
    if (at === end) return more
    if (at === start || byte !== space) return this.refuse(400, 'the request target is malformed')
    this.targetStart = start
    this.targetEnd = at
    return at
  }

  /** `HTTP/1.x` and the end of the line. Returns what comes after. */
  private version(bytes: Buffer, start: number, end: number): number {
    if (end - start < 10) return this.beginsVersion(bytes, start, end)
    const minor = (bytes[start + 7] ?? 0) - 0x30
    const ends = bytes[start + 8] === cr && bytes[start + 9] === lf
    if (!isHttp1(bytes, start) || !ends || minor < 0 || minor > 1) {
      return this.badVersion(bytes, start)
    }
    this.minor = minor
    return start + 10
  }

  private beginsVersion(bytes: Buffer, start: number, end: number): number {
    const text = bytes.latin1Slice(start, end)
    const whole = `HTTP/1.1\r`
    for (let at = 0; at < text.length; at++) {
      const isDigit = (at === 5 || at === 7) && /\d/.test(text[at] ?? '')
      if (text[at] !== whole[at] && !isDigit) return this.refuse(400, malformed)
    }
    return more
  }

  private badVersion(bytes: Buffer, start: number): number {
    const text = bytes.latin1Slice(start, start + 10)
    return /^HTTP\/\d\.\d\r\n$/.test(text)
      ? this.refuse(505, text.trimEnd())
      : this.refuse(400, malformed)
  }
}

const malformed = 'the request line is malformed'

/** Whether `HTTP/1.` stands at `start`. */
export function isHttp1(bytes: Buffer, start: number): boolean {
  return (
    bytes[start] === 0x48 &&
    bytes[start + 1] === 0x54 &&
    bytes[start + 2] === 0x54 &&
    bytes[start + 3] === 0x50 &&
    bytes[start + 4] === 0x2f &&
    bytes[start + 5] === 0x31 &&
    bytes[start + 6] === 0x2e
  )
}

/** The method as a string, without making a new one for those that are usual. */
export function methodOf(bytes: Buffer, start: number, end: number): string {
  switch (end - start) {
    case 3:
      if (bytes[start] === 0x47 && bytes[start + 1] === 0x45 && bytes[start + 2] === 0x54) {
        return 'GET'
      }
      break
    case 4:
      if (bytes[start] === 0x50 && bytes[start + 1] === 0x4f && bytes[start + 2] === 0x53) {
        if (bytes[start + 3] === 0x54) return 'POST'
      }
      break
    default:
      break
  }
  return bytes.latin1Slice(start, end)
}
