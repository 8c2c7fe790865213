import { cr, isNamed, lf, space, tab, tokenBytes, valueBytes } from './bytes.ts'
import { limits } from './limits.ts'
import { field, fieldOf } from './names.ts'

/** What a Transfer-Encoding header says. */
export const coding = { none: 0, chunked: 1, unknown: 2, malformed: 3 } as const

/** A head is not whole yet. */
export const more = 0

const colon = 0x3a
const zero = 0x30

/**
 * The headers of one message, as offsets into the bytes that were scanned last. RFC 9112, 5, without the liberties that
 * it allows: lines end with CR LF, names are tokens with the colon right behind, nothing is folded.
 */
export class Fields {
  /** Start of the first line of the head. */
  start = 0
  /** Of HTTP/1.x. */
  minor = 1
  /** Start of the first header. */
  fieldsStart = 0
  /** After the empty line. */
  end = 0
  /** How many headers. */
  count = 0
  /** Four for each header: start of the name, its end, start of the value, its end. */
  readonly offsets = new Int32Array(4 * limits.fields)
  /** For each header a value of `field`. */
  readonly kinds = new Uint8Array(limits.fields)
  /** Indexes of the headers that are not `field.other`, in order. */
  readonly special = new Uint8Array(limits.fields)
  specials = 0
  hosts = 0
  /** Index of the last header of this kind, as those below; -1 for none. */
  host = -1
  connection = -1
  upgrade = -1
  expect = -1
  via = -1
  contentType = -1
  date = -1
  /** -1 for none. */
  contentLength = -1
  /** Its line is written as we would write it. */
  isPlainLength = false
  coding: number = coding.none
  close = false
  keepAlive = false
  /** Connection says more than `close` or `keep-alive`. */
  options = false
  /** How many headers say where a request came from. */
  origins = 0
  /** What is wrong, after a scan that found something. */
  why = ''

  /** Text of the value of header `index`. */
  value(bytes: Buffer, index: number): string {
    return bytes.latin1Slice(this.offsets[4 * index + 2], this.offsets[4 * index + 3])
  }

  /** Whether the value of header `index` begins with `text`, which is in lower case, in whatever case. */
  valueBegins(bytes: Buffer, index: number, text: string): boolean {
    const from = this.offsets[4 * index + 2] ?? 0
    for (let at = 0; at < text.length; at++) {
      if (((bytes[from + at] ?? 0) | 0x20) !== text.charCodeAt(at)) return false
    }
    return true
  }

  /** Start of the line of header `index`; of the empty line if there is no such header. */
  lineStart(index: number): number {
    return index < this.count ? (this.offsets[4 * index] ?? 0) : this.end - 2
  }

  protected reset(start: number): void {
    this.start = start
    this.count = 0
    this.specials = 0
    this.hosts = 0
    this.host = -1
    this.connection = -1
    this.upgrade = -1
    this.expect = -1
    this.via = -1
    this.contentType = -1
    this.date = -1
    this.contentLength = -1
    this.coding = coding.none
    this.close = false
    this.keepAlive = false
    this.options = false
    this.origins = 0
  }

  protected refuse(status: number, why: string): number {
    this.why = why
    return -status
  }

  /** A head that is not whole may be too long already. */
  protected incomplete(end: number): number {
    return end - this.start > limits.head ? this.refuse(431, 'the head is too long') : more
  }

  /** All headers and the empty line. Returns what comes after; or `more`; or below zero a status. */
  protected scanFields(bytes: Buffer, first: number, end: number): number {
    let at = first
    this.fieldsStart = first
    for (;;) {
      const start = at
      while (at < end && tokenBytes[bytes[at] ?? 0] === 1) at++
      if (at === end) return this.incomplete(end)
      if (at === start && bytes[at] === cr) return this.emptyLine(bytes, at, end)
      if (at === start || bytes[at] !== colon) return this.refuse(400, 'a header is malformed')
      const nameEnd = at++
      while (at < end && isBlank(bytes[at])) at++
      const valueStart = at
      while (at < end && valueBytes[bytes[at] ?? 0] === 1) at++
      if (at - start > limits.line) return this.refuse(431, 'a header is too long')
      if (at === end) return this.incomplete(end)
      if (bytes[at] !== cr) return this.refuse(400, 'the value of a header is malformed')
      if (at + 1 === end) return this.incomplete(end)
      if (bytes[at + 1] !== lf) return this.refuse(400, 'the value of a header is malformed')
      if (!this.keep(bytes, start, nameEnd, valueStart, at)) return this.refused
      at += 2
    }
  }

  /** Below zero: the status that `keep` found. */
  protected refused = 0

  private emptyLine(bytes: Buffer, at: number, end: number): number {
    if (at + 1 === end) return this.incomplete(end)
    if (bytes[at + 1] !== lf) return this.refuse(400, 'a header is malformed')
    this.end = at + 2
    return this.end - this.start > limits.head ? this.refuse(431, 'the head is too long') : this.end
  }

  private keep(bytes: Buffer, start: number, nameEnd: number, from: number, to: number): boolean {
    const index = this.count
    if (index === limits.fields) return this.wrong(431, `more than ${limits.fields} headers`)
    let valueEnd = to
    while (valueEnd > from && isBlank(bytes[valueEnd - 1])) valueEnd--
    const slot = 4 * index
    this.offsets[slot] = start
    this.offsets[slot + 1] = nameEnd
    this.offsets[slot + 2] = from
    this.offsets[slot + 3] = valueEnd
    const kind = fieldOf(bytes, start, nameEnd)
    this.kinds[index] = kind
    this.count = index + 1
    if (kind === field.other) return true
    this.special[this.specials++] = index
    return this.note(kind, index, bytes, from, valueEnd)
  }

  private wrong(status: number, why: string): false {
    this.refused = this.refuse(status, why)
    return false
  }

  /** Keeps what a header of a `kind` that matters says. False if it must not be there, or not so. */
  private note(kind: number, index: number, bytes: Buffer, from: number, to: number): boolean {
    switch (kind) {
      case field.host:
        this.hosts++
        this.host = index
        return true
      case field.contentLength:
        if (this.contentLength >= 0) return this.wrong(400, 'two Content-Length headers')
        this.contentLength = lengthOf(bytes, from, to)
        this.isPlainLength =
          bytes[to] === cr && bytes[from - 1] === space && bytes[from - 2] === colon
        return this.contentLength >= 0 || this.wrong(400, 'a bad Content-Length')
      case field.transferEncoding:
        if (this.coding !== coding.none) return this.wrong(400, 'two Transfer-Encoding headers')
        this.coding = codingOf(bytes, from, to)
        return true
      case field.connection:
        this.noteConnection(index, bytes, from, to)
        return true
      case field.upgrade:
        this.upgrade = index
        return true
      case field.expect:
        this.expect = index
        return true
      case field.via:
        this.via = index
        return true
      case field.contentType:
        this.contentType = index
        return true
      case field.date:
        this.date = index
        return true
      default:
        if (kind >= field.forwardedFor) this.origins++
        return true
    }
  }

  private noteConnection(index: number, bytes: Buffer, from: number, to: number): void {
    this.connection = index
    if (to - from === 10 && isNamed(bytes, from, 'keep-alive')) this.keepAlive = true
    else if (to - from === 5 && isNamed(bytes, from, 'close')) this.close = true
    else this.options = true
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === space || byte === tab
}

/** Digits without a sign and without leading zeros, below 2^53; -1 for anything else. */
function lengthOf(bytes: Buffer, start: number, end: number): number {
  if (start === end || end - start > 15) return -1
  let length = 0
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] ?? 0) - zero
    if (digit < 0 || digit > 9) return -1
    length = length * 10 + digit
  }
  return bytes[start] === zero && end - start > 1 ? -1 : length
}

function codingOf(bytes: Buffer, start: number, end: number): number {
  const text = bytes.latin1Slice(start, end).toLowerCase()
  if (text === 'chunked') return coding.chunked
  const names = text.split(/[ \t]*,[ \t]*/)
  const isToken = names.every((name) => /^[!#$%&'*+.^_`|~\w-]+$/.test(name))
  const last = names.indexOf('chunked')
  const isOdd = names.includes('identity') || (last >= 0 && last < names.length - 1)
  return isToken && !isOdd ? coding.unknown : coding.malformed
}
