import { type ClientHello, readClientHello } from './client-hello.ts'

/** What the first bytes of a connection are. `more`: that can't be told yet. */
export type Opening =
  | { readonly kind: 'more' }
  | { readonly kind: 'not tls' }
  | { readonly kind: 'bad'; readonly why: string }
  | ({ readonly kind: 'hello' } & ClientHello)

const handshake = 22
const clientHello = 1
const recordHead = 5
const mostInRecord = 16_384
/** Those of today's browsers have 600 to 2,000 bytes. */
const mostInHello = 16_384
/** A hello may be cut into records (RFC 8446 5.1), but not into hundreds. */
const mostRecords = 64

const more: Opening = { kind: 'more' }

/** Takes a ClientHello out of the records around it. Time and memory are linear in what has come, and bounded. */
export class HelloReader {
  private head: Buffer = Buffer.alloc(0)
  private leftInRecord = 0
  private records = 0
  private parts: Buffer[] = []
  private length = 0

  /** Takes the next bytes, in whatever pieces they come. Not to be called after anything but `more`. */
  push(chunk: Buffer): Opening {
    let rest = chunk
    while (rest.length > 0) {
      if (this.leftInRecord === 0) {
        const next = this.afterHead(rest)
        if (!next) return more
        if (!Buffer.isBuffer(next)) return next
        rest = next
      }
      const part = rest.subarray(0, this.leftInRecord)
      rest = rest.subarray(part.length)
      const verdict = this.take(part)
      if (verdict) return verdict
    }
    return more
  }

  /** The bytes of `chunk` after the record's head; undefined while that is not whole. */
  private afterHead(chunk: Buffer): Buffer | Opening | undefined {
    const before = this.head.length
    const head = Buffer.concat([this.head, chunk.subarray(0, recordHead - before)])
    this.head = head
    const wrong = wrongHead(head, this.records === 0)
    if (wrong) return wrong
    if (head.length < recordHead) return undefined
    const size = head.readUInt16BE(3)
    this.head = Buffer.alloc(0)
    this.leftInRecord = size
    if (size === 0 || size > mostInRecord) return bad('a record of a wrong length')
    if (++this.records > mostRecords) return bad('too many records')
    return chunk.subarray(recordHead - before)
  }

  /** Takes bytes of a record; undefined while they don't settle it. */
  private take(part: Buffer): Opening | undefined {
    const { parts } = this
    this.leftInRecord -= part.length
    this.length += part.length
    if (part.length > 0) parts.push(part)
    if (this.length > mostInHello) return bad('the ClientHello is too long')
    // joined once for each record, and once for each hundred pieces of one
    const isDue = this.leftInRecord === 0 || parts.length > 100 || parts.length === 1
    return isDue ? this.judged() : undefined
  }

  /** What is known of the message now, if that is enough. */
  private judged(): Opening | undefined {
    const { parts } = this
    const message = parts.length === 1 ? parts[0] : Buffer.concat(parts)
    if (!message) return undefined
    this.parts = [message]
    if (message[0] !== undefined && message[0] !== clientHello) return bad('no ClientHello')
    if (message.length < 4) return undefined
    const whole = 4 + message.readUIntBE(1, 3)
    if (whole > mostInHello) return bad('the ClientHello is too long')
    if (message.length < whole) return undefined
    if (message.length > whole || this.leftInRecord > 0) return bad('more than a ClientHello')
    const read = readClientHello(message.subarray(4))
    return typeof read === 'string' ? bad(read) : { kind: 'hello', ...read }
  }
}

function wrongHead(head: Buffer, isFirst: boolean): Opening | undefined {
  const fits = (at: number, value: number) => (head[at] ?? value) === value
  if (fits(0, handshake) && fits(1, 3) && (head[2] ?? 0) <= 4) return undefined
  return isFirst ? { kind: 'not tls' } : bad('another record within the ClientHello')
}

function bad(why: string): Opening {
  return { kind: 'bad', why }
}
