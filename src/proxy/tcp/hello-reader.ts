import { type ClientHello, readClientHello } from './client-hello.ts'

/** What the first bytes of a connection are. `more`: that can't be told yet. */
export type Opening =
  | { readonly kind: 'more' }
  | { readonly kind: 'not tls' }
  | { readonly kind: 'bad'; readonly why: string }
  | ({ readonly kind: 'hello' } & ClientHello)

export type HelloReader = {
  /** Takes the next bytes, in whatever pieces they come. Not to be called after anything but `more`. */
  push(chunk: Buffer): Opening
}

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
export function helloReader(): HelloReader {
  let head: Buffer = Buffer.alloc(0)
  let leftInRecord = 0
  let records = 0
  let parts: Buffer[] = []
  let length = 0

  /** The bytes of `chunk` after the record's head; undefined while that is not whole. */
  function afterHead(chunk: Buffer): Buffer | Opening | undefined {
    const before = head.length
    head = Buffer.concat([head, chunk.subarray(0, recordHead - before)])
    const wrong = wrongHead(head, records === 0)
    if (wrong) return wrong
    if (head.length < recordHead) return undefined
    leftInRecord = head.readUInt16BE(3)
    head = Buffer.alloc(0)
    if (leftInRecord === 0 || leftInRecord > mostInRecord) return bad('a record of a wrong length')
    if (++records > mostRecords) return bad('too many records')
    return chunk.subarray(recordHead - before)
  }

  /** What is known of the message now, if that is enough. */
  function judged(): Opening | undefined {
    const message = parts.length === 1 ? parts[0] : Buffer.concat(parts)
    if (!message) return undefined
    parts = [message]
    if (message[0] !== undefined && message[0] !== clientHello) return bad('no ClientHello')
    if (message.length < 4) return undefined
    const whole = 4 + message.readUIntBE(1, 3)
    if (whole > mostInHello) return bad('the ClientHello is too long')
    if (message.length < whole) return undefined
    if (message.length > whole || leftInRecord > 0) return bad('more than a ClientHello')
    const read = readClientHello(message.subarray(4))
    return typeof read === 'string' ? bad(read) : { kind: 'hello', ...read }
  }

  return {
    push(chunk) {
      let rest = chunk
      while (rest.length > 0) {
        if (leftInRecord === 0) {
          const next = afterHead(rest)
          if (!next) return more
          if (!Buffer.isBuffer(next)) return next
          rest = next
        }
        const part = rest.subarray(0, leftInRecord)
        leftInRecord -= part.length
        length += part.length
        if (part.length > 0) parts.push(part)
        rest = rest.subarray(part.length)
        if (length > mostInHello) return bad('the ClientHello is too long')
        // joined once for each record, and once for each hundred pieces of one
        const isDue = leftInRecord === 0 || parts.length > 100 || parts.length === 1
        const verdict = isDue ? judged() : undefined
        if (verdict) return verdict
      }
      return more
    },
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
