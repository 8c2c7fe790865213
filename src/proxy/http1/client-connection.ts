import type { Duplex } from 'node:stream'

import { chunk, ChunkScanner } from './chunks.ts'
import { limits } from './limits.ts'
import type { RequestHead } from './request-head.ts'

/** Who gets what comes from a client. */
export type RequestTaker = {
  /** A whole head; it calls `expect` and then, at once or later, `next`. The bytes stay as they are. */
  onRequest(head: RequestHead, bytes: Buffer): void
  /** Content, with the chunks around it. */
  onContent(bytes: Buffer, start: number, end: number): void
  onContentEnd(): void
  /** All that came at once has been handed over. */
  onReadAll(): void
  /** What comes is no request, or no content. */
  onMalformed(status: number, why: string): void
  /** The client will send nothing more. */
  onClientEnd(): void
  /** The connection is closed. */
  onClientGone(): void
  /** All that was written has gone. */
  onClientDrain(): void
  /** Called now and then while there is an exchange. */
  onTick(nowMs: number): void
}

/** Where the content of a request ends. */
export type Content = 'none' | 'length' | 'chunked' | 'tunnel'

const state = {
  head: 0,
  length: 1,
  chunked: 2,
  answer: 3,
  tunnel: 4,
  refused: 5,
  linger: 6,
  closed: 7,
} as const

/** Time limits of a client, in milliseconds. */
const headMs = 10_000
const idleMs = 75_000
const lingerMs = 2000
/** In each such time a client has to send `leastBytes` of a content that is waited for. */
const rateMs = 10_000
const leastBytes = 1000

const lineFeed = 0x0a

/** One connection of a client: its requests, one after the other. */
export class ClientConnection {
  readonly stream: Duplex
  isPaused = false
  /** The client has closed its half. */
  hasEnded = false
  private readonly head: RequestHead
  private taker: RequestTaker | undefined
  private state: number = state.head
  private left = 0
  private chunks: ChunkScanner | undefined
  private stash: Buffer | undefined
  private isConsuming = false
  /** Some of a head is in the stash, and `sinceMs` is when that began. */
  private isPartial = false
  /** What `sinceMs` is the time of depends on the state. */
  private sinceMs: number
  private nowMs: number
  private received = 0
  private readonly onClosed: (connection: ClientConnection) => void

  constructor(
    stream: Duplex,
    head: RequestHead,
    nowMs: number,
    onClosed: (connection: ClientConnection) => void,
  ) {
    this.stream = stream
    this.head = head
    this.taker = undefined
    this.sinceMs = nowMs
    this.nowMs = nowMs
    this.onClosed = onClosed
  }

  /** Begins to read. */
  start(taker: RequestTaker): void {
    const { stream } = this
    this.taker = taker
    stream.on('data', (bytes: Buffer) => this.onData(bytes))
    stream.on('drain', () => this.taker?.onClientDrain())
    stream.on('end', () => this.onEnd())
    stream.on('error', () => stream.destroy())
    stream.on('close', () => this.onClose())
  }

  /** What comes after the head that `onRequest` was just called with. */
  expect(content: Content, length: number): void {
    this.left = length
    if (content === 'none') this.state = state.answer
    else if (content === 'length') this.state = state.length
    else if (content === 'tunnel') this.state = state.tunnel
    else this.state = state.chunked
    if (content === 'chunked') {
      this.chunks ??= new ChunkScanner()
      this.chunks.reset()
    }
    this.sinceMs = this.nowMs
    this.received = 0
  }

  /** Nothing that comes from now on is looked at. `end` has to follow. */
  refuse(): void {
    this.state = state.refused
  }

  /** Whether content is still to come. */
  get isOwing(): boolean {
    return this.state === state.length || this.state === state.chunked
  }

  /** Whether nothing is asked for at the moment. */
  get isIdle(): boolean {
    return this.state === state.head && this.stash === undefined
  }

  /** The answer has been written: the next request may be served. */
  next(): void {
    this.state = state.head
    this.sinceMs = this.nowMs
    if (this.isConsuming) return
    const { stash } = this
    if (stash) {
      this.stash = undefined
      this.consume(stash)
    }
    if (this.isPaused && !this.stash) this.resume()
    if (this.hasEnded && this.isIdle) this.end()
  }

  /**
   * The last answer has been written. What the client sends from now on is let go: to close with it unread would
   * reset the connection, and the answer might never be read.
   */
  end(): void {
    const { stream } = this
    const isQuiet = this.state === state.answer && this.stash === undefined
    this.stash = undefined
    if (this.state === state.closed) return
    if (isQuiet && stream.writableLength === 0) {
      this.state = state.closed
      stream.destroy()
      return
    }
    this.state = state.linger
    this.sinceMs = this.nowMs
    stream.end()
    if (this.isPaused) this.resume()
    if (this.hasEnded) stream.once('finish', () => stream.destroy())
  }

  /** Cuts the connection, so that nobody takes what has come for whole. */
  destroy(): void {
    this.stream.destroy()
  }

  pause(): void {
    this.isPaused = true
    this.stream.pause()
  }

  resume(): void {
    this.isPaused = false
    // a pause costs nobody his time
    this.sinceMs = this.nowMs
    this.stream.resume()
  }

  /** Ends what takes too long. */
  tick(nowMs: number): void {
    const pastMs = nowMs - this.sinceMs
    this.nowMs = nowMs
    switch (this.state) {
      case state.head:
        if (pastMs > (this.isPartial ? headMs : idleMs)) this.late()
        return
      case state.length:
      case state.chunked:
        if (pastMs > rateMs && !this.isPaused) this.checkRate()
        break
      case state.linger:
        if (pastMs > lingerMs) this.destroy()
        return
      case state.closed:
        return
      default:
    }
    this.taker?.onTick(nowMs)
  }

  private late(): void {
    if (this.isPartial) this.taker?.onMalformed(408, 'the request took too long')
    else this.destroy()
  }

  /** Slower than this is no client but somebody who wants to keep connections busy. */
  private checkRate(): void {
    if (this.received < leastBytes) return this.destroy()
    this.received = 0
    this.sinceMs = this.nowMs
  }

  private onData(read: Buffer): void {
    if (!this.stash) return this.consume(read)
    const bytes = Buffer.concat([this.stash, read])
    const isAsking = this.state === state.head
    // a line that is not whole needs no look
    if (isAsking && (read.includes(lineFeed) || bytes.length > limits.head)) {
      this.stash = undefined
      return this.consume(bytes)
    }
    this.stash = bytes
    if (!isAsking && bytes.length > limits.head) this.pause()
  }

  private consume(bytes: Buffer): void {
    let at = 0
    this.isConsuming = true
    while (at < bytes.length) {
      switch (this.state) {
        case state.head:
          at = this.request(bytes, at)
          break
        case state.length:
          at = this.counted(bytes, at)
          break
        case state.chunked:
          at = this.chunked(bytes, at)
          break
        case state.answer:
          this.stash = bytes.subarray(at)
          if (this.stash.length > limits.head) this.pause()
          at = bytes.length
          break
        case state.tunnel:
          this.taker?.onContent(bytes, at, bytes.length)
          at = bytes.length
          break
        default:
          at = bytes.length
      }
    }
    this.isConsuming = false
    this.taker?.onReadAll()
  }

  /** Returns where the head ends, or the end of the bytes. */
  private request(bytes: Buffer, from: number): number {
    const { head } = this
    const at = from + emptyLine(bytes, from)
    const end = head.scan(bytes, at, bytes.length)
    if (end > 0) {
      this.isPartial = false
      this.taker?.onRequest(head, bytes)
      return end
    }
    if (end < 0) {
      this.taker?.onMalformed(-end, head.why)
    } else if (at < bytes.length) {
      this.stash = bytes.subarray(at)
      if (!this.isPartial) this.sinceMs = this.nowMs
      this.isPartial = true
    }
    return bytes.length
  }

  private counted(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.left)
    this.left -= end - at
    this.received += end - at
    const isLast = this.left === 0
    if (isLast) this.state = state.answer
    this.taker?.onContent(bytes, at, end)
    if (isLast) this.taker?.onContentEnd()
    return end
  }

  /** Chunks go on as they are, but for what nobody needs. */
  private chunked(bytes: Buffer, from: number): number {
    const { chunks, taker } = this
    let run = from
    let at = from
    while (chunks && taker && this.state === state.chunked) {
      const found = chunks.next(bytes, at, bytes.length)
      at = chunks.end
      if (found === chunk.data) continue
      if (found === chunk.bad) {
        taker.onMalformed(400, 'a chunk is malformed')
        return bytes.length
      }
      const end = found === chunk.extra ? chunks.start : at
      this.received += at - run
      if (found === chunk.done) this.state = state.answer
      if (end > run) taker.onContent(bytes, run, end)
      run = at
      if (found === chunk.done) taker.onContentEnd()
      if (found !== chunk.extra) return at
    }
    return bytes.length
  }

  private onEnd(): void {
    this.hasEnded = true
    if (this.state === state.linger || this.isIdle) return void this.stream.destroy()
    // a request that is not whole will never be
    if (this.state === state.head || this.isOwing) return this.destroy()
    this.taker?.onClientEnd()
  }

  private onClose(): void {
    this.state = state.closed
    this.stash = undefined
    this.taker?.onClientGone()
    this.taker = undefined
    this.onClosed(this)
  }
}

/** Length of an empty line before a request, which old clients send after content (RFC 9112, 2.2). */
function emptyLine(bytes: Buffer, at: number): number {
  return bytes[at] === 0x0d && bytes[at + 1] === lineFeed ? 2 : 0
}
