/** Where the content of a message ends. */
export type Framing = 'none' | 'chunked' | 'close' | { readonly length: number }

/** The first line of a message, and its headers: name, value, name, value; names in lower case. */
export type Head = { readonly line: string; readonly headers: readonly string[] }

/** Who gets the parts of a message. */
export type MessageTaker = {
  /** Gives where the content ends; undefined: this was an interim answer, and another head follows. */
  onHead(head: Head): Framing | undefined
  /** A piece of the content; `isLast` if it is known to be the last one. */
  onContent(bytes: Buffer, isLast: boolean): void
  /** The message is whole. */
  onMessageEnd(): void
}

const headEnd = Buffer.from('\r\n\r\n')
/** More than the limits of those who write what is read here. */
const mostHead = 256 * 1024

const state = {
  head: 0,
  length: 1,
  close: 2,
  chunkSize: 3,
  chunk: 4,
  chunkEnd: 5,
  trailers: 6,
} as const

/**
 * Reads HTTP/1.1 messages that our own engine has written, one after the other. It trusts their form: what others have
 * written has been checked by the engine before. Throws for what nobody could have meant.
 */
export class MessageReader {
  private readonly taker: MessageTaker
  private state: number = state.head
  private left = 0
  private stash: Buffer | undefined

  constructor(taker: MessageTaker) {
    this.taker = taker
  }

  /** Between two messages. */
  get isIdle(): boolean {
    return this.state === state.head && this.stash === undefined
  }

  push(read: Buffer): void {
    const bytes = this.stash ? Buffer.concat([this.stash, read]) : read
    this.stash = undefined
    let at = 0
    while (at < bytes.length) {
      const next = this.step(bytes, at)
      if (next === at) {
        // a copy: whoever wrote it may write to the same place again
        this.stash = Buffer.from(bytes.subarray(at))
        if (this.stash.length > mostHead) throw new RangeError('a line without an end')
        return
      }
      at = next
    }
  }

  /** The connection has ended; whether that was the end of the message. */
  end(): boolean {
    if (this.state !== state.close) return this.isIdle
    this.whole()
    return true
  }

  /** Where the next step begins; `at` when more bytes are needed. */
  private step(bytes: Buffer, at: number): number {
    switch (this.state) {
      case state.head:
        return this.head(bytes, at)
      case state.length:
        return this.counted(bytes, at)
      case state.close:
        this.taker.onContent(bytes.subarray(at), false)
        return bytes.length
      case state.chunk:
        return this.chunk(bytes, at)
      default:
        return this.line(bytes, at)
    }
  }

  private head(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(headEnd, at)
    if (end < 0) return at
    const framing = this.taker.onHead(headOf(bytes.toString('latin1', at, end)))
    if (framing === 'chunked') this.state = state.chunkSize
    else if (framing === 'close') this.state = state.close
    else if (framing === 'none') this.whole()
    else if (framing?.length === 0) this.whole()
    else if (framing) {
      this.state = state.length
      this.left = framing.length
    }
    return end + headEnd.length
  }

  private counted(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.left)
    this.left -= end - at
    this.taker.onContent(bytes.subarray(at, end), this.left === 0)
    if (this.left === 0) this.whole()
    return end
  }

  private chunk(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.left)
    this.left -= end - at
    this.taker.onContent(bytes.subarray(at, end), false)
    if (this.left === 0) this.state = state.chunkEnd
    return end
  }

  /** Lines between chunks, and after the last. */
  private line(bytes: Buffer, at: number): number {
    const end = bytes.indexOf('\r\n', at, 'latin1')
    if (end < 0) return at
    const next = end + 2
    if (this.state === state.chunkEnd) this.state = state.chunkSize
    else if (this.state === state.chunkSize) this.chunkSize(bytes.toString('latin1', at, end))
    else if (end === at) this.whole()
    return next
  }

  private chunkSize(text: string): void {
    this.left = Number.parseInt(text, 16)
    if (Number.isNaN(this.left)) throw new RangeError('a chunk without a size')
    this.state = this.left === 0 ? state.trailers : state.chunk
  }

  private whole(): void {
    this.state = state.head
    this.taker.onMessageEnd()
  }
}

/** A head without the empty line at its end. */
export function headOf(text: string): Head {
  const [line = '', ...fields] = text.split('\r\n')
  const headers = fields.flatMap((field) => {
    const colon = field.indexOf(':')
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
  })
  return { line, headers }
}
