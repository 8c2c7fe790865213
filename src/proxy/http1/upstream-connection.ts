import type { Duplex } from 'node:stream'

import type { Buffers } from '../buffers.ts'
import type { EndpointSessions, Owner } from '../http2/endpoint-sessions.ts'
import { type AnswerHead, framing } from './answer-head.ts'
import type { AnswerTaker, Expected, Loss } from './answer-taker.ts'
import { chunk, ChunkScanner } from './chunks.ts'
import { dial, type Place } from './dial.ts'
import { more } from './fields.ts'
import { Lent } from './lent.ts'
import { limits } from './limits.ts'

/** What all connections share. */
export type Shared = {
  readonly buffers: Buffers
  /** Where all connections read to while no bulk is expected: whatever is to outlast the read is copied. */
  readonly first: Buffer
  readonly answerHead: AnswerHead
  readonly endpointSessions: EndpointSessions
}

/** A kernel that refuses bytes says so within this time, on a machine that has more to do than it can. */
const refusalMs = 30
const lineFeed = 0x0a
/** What `head` and `content` return for bytes that nobody must get. */
const bad = -1

/** One connection to an endpoint, which carries one exchange after the other. */
export class UpstreamConnection {
  readonly socket: Duplex
  /** Key of the only client whose requests it may carry; undefined: anybody's. */
  readonly owner: object | undefined
  taker: AnswerTaker | undefined
  isConnected = false
  /** It has carried an exchange before this one. */
  isReused = false
  /** It may carry another one. */
  isKept = true
  /** Some of the answer has come. */
  hasBegun = false
  /** Content is handed over without its chunks. */
  isUnwrapped = false
  isPaused = false
  /** When its last exchange ended, monotonic. */
  usedMs = 0
  error: Error | undefined
  private readonly shared: Shared
  private readonly chunks = new ChunkScanner()
  /** What is read into: `shared.first`, or one from the pool. */
  private buffer: Buffer
  /** What was handed over and is still being written. */
  readonly lent: Lent
  private expected: Expected = 'content'
  private isInContent = false
  private ends: number = framing.none
  private left = 0
  private stash: Buffer | undefined
  private readonly isPlain: boolean
  private readonly onIdleEnd: (connection: UpstreamConnection) => void

  /** Connects. `onIdleEnd` hears of the end of a connection that nobody uses at the time. */
  constructor(
    place: Place,
    shared: Shared,
    onIdleEnd: (connection: UpstreamConnection) => void,
    owner?: Owner,
  ) {
    this.owner = owner?.key
    this.taker = undefined
    this.shared = shared
    this.buffer = shared.first
    this.lent = new Lent(shared.buffers)
    this.onIdleEnd = onIdleEnd
    this.isPlain = place.protocol === 'http'
    const dialled = {
      buffer: () => this.buffer,
      read: (bytes: Buffer, count: number) => this.read(bytes, count),
      connected: () => this.onConnect(),
    }
    this.socket = dial(place, shared.endpointSessions, dialled, owner)
    this.socket.on('error', (error) => {
      this.error = error
      if (!this.taker) this.onIdleEnd(this)
    })
    this.socket.on('end', () => this.onEnd())
    this.socket.on('close', () => this.onClose())
    this.socket.on('drain', () => this.taker?.onSent())
  }

  /** The next exchange. */
  begin(taker: AnswerTaker, expected: Expected): void {
    this.taker = taker
    this.expected = expected
    this.hasBegun = false
    this.isInContent = false
    this.isUnwrapped = false
  }

  /** The exchange is over and this may carry the next one. */
  release(nowMs: number): void {
    this.taker = undefined
    this.usedMs = nowMs
    this.isReused = true
    // whoever reads next has it warm
    if (this.buffer !== this.shared.first) {
      this.shared.buffers.give(this.buffer)
      this.buffer = this.shared.first
    }
    // who was too slow for its last piece is not the next one's matter
    if (this.isPaused) this.resume()
  }

  destroy(): void {
    this.taker = undefined
    this.socket.destroy()
  }

  /** The other side has spoken out of turn. */
  private drop(): void {
    this.onIdleEnd(this)
    this.destroy()
  }

  pause(): void {
    this.isPaused = true
    this.socket.pause()
  }

  resume(): void {
    this.isPaused = false
    this.lent.reclaim()
    this.socket.resume()
  }

  private onConnect(): void {
    this.isConnected = true
    this.taker?.onConnected()
  }

  private onEnd(): void {
    const { taker } = this
    this.isKept = false
    // it closes a moment later, when the next request might have taken it
    if (!taker) this.onIdleEnd(this)
    if (taker && this.isInContent && this.ends === framing.close) taker.onAnswerEnd()
    else if (taker?.mustKnow === true && !this.hasBegun && this.isPlain) {
      setTimeout(() => this.askWhetherRead(), refusalMs)
    } else this.socket.destroy()
  }

  /**
   * The other side has closed its end without an answer. If it did so before our bytes came, its kernel has refused
   * them, and another write fails with that; if it did so later, somebody may have acted on them.
   */
  private askWhetherRead(): void {
    const { socket } = this
    if (socket.destroyed) return
    socket.write('\r\n', 'latin1', (error) => {
      // with an error it is being destroyed
      if (!error) socket.destroy()
    })
  }

  private onClose(): void {
    const { taker } = this
    this.taker = undefined
    if (taker) taker.onLost('closed')
    else this.onIdleEnd(this)
  }

  private read(read: Buffer, count: number): void {
    if (!this.taker) return this.drop()
    let bytes = read
    let to = count
    if (this.stash) {
      bytes = Buffer.concat([this.stash, read.subarray(0, count)])
      to = bytes.length
      this.stash = undefined
      // a line that is not whole needs no look
      if (!this.isInContent && !read.subarray(0, count).includes(lineFeed)) return this.keep(bytes)
      this.taker.onPartial(0)
    }
    this.hasBegun = true
    let at = 0
    while (at < to && at !== bad && this.taker) {
      at = this.isInContent ? this.content(bytes, at, to) : this.head(bytes, at, to)
    }
    if (at === bad) return this.fail('malformed')
    this.taker?.onRead()
    const isMore = count === read.length || (this.isInContent && this.left > read.length)
    // what comes over TLS or HTTP/2 is in buffers of its own
    if (isMore && this.taker && read === this.shared.first) this.buffer = this.shared.buffers.take()
  }

  private keep(bytes: Buffer): void {
    if (bytes.length > limits.head) return this.fail('malformed')
    this.stash = bytes
    this.taker?.onPartial(bytes.length)
  }

  /** Ends the connection, and with it the exchange. */
  fail(loss: Loss): void {
    const { taker } = this
    this.destroy()
    taker?.onLost(loss)
  }

  private head(bytes: Buffer, at: number, to: number): number {
    const head = this.shared.answerHead
    const end = head.scan(bytes, at, to)
    if (end === more) {
      // a copy: the next read goes to the same place
      this.keep(Buffer.from(bytes.subarray(at, to)))
      return to
    }
    if (end < 0) return bad
    if (head.status < 200 && head.status !== 101) {
      return this.taker?.onInterim(head, bytes) === true ? end : bad
    }
    return this.begun(head, bytes, end, to)
  }

  /** The head of the answer ends at `end`. */
  private begun(head: AnswerHead, bytes: Buffer, end: number, to: number): number {
    const isUpgrade = head.status === 101
    if (isUpgrade && this.expected !== 'upgrade') return bad
    const ends = isUpgrade ? framing.close : head.framing(this.expected === 'no content')
    if (ends < 0 || (ends === framing.none && end < to)) return bad
    if (head.close || head.minor === 0 || ends === framing.close) this.isKept = false
    this.ends = ends
    this.left = ends === framing.length ? head.contentLength : 0
    this.isInContent = true
    if (ends === framing.chunked) this.chunks.reset()
    this.taker?.onAnswer(head, bytes, ends)
    const isOver = ends === framing.none || (ends === framing.length && this.left === 0)
    if (isOver) this.over(end, to)
    return end
  }

  /** What comes after the end of an answer is nobody's. */
  private over(end: number, to: number): void {
    if (end < to) this.isKept = false
    this.taker?.onAnswerEnd()
  }

  private content(bytes: Buffer, at: number, to: number): number {
    if (this.ends === framing.chunked) return this.chunked(bytes, at, to)
    if (this.ends === framing.close) {
      this.piece(bytes, at, to)
      return to
    }
    const end = Math.min(to, at + this.left)
    this.left -= end - at
    this.piece(bytes, at, end)
    if (this.left === 0) this.over(end, to)
    return end
  }

  /** Chunks go on as they are, but for what nobody needs. */
  private chunked(bytes: Buffer, from: number, to: number): number {
    const { chunks, isUnwrapped } = this
    let run = from
    let at = from
    while (this.taker) {
      const found = chunks.next(bytes, at, to)
      if (found === chunk.bad) return bad
      at = chunks.end
      if (found === chunk.data) {
        if (isUnwrapped) this.piece(bytes, chunks.start, at)
      } else {
        const end = found === chunk.extra ? chunks.start : at
        if (!isUnwrapped && end > run) this.piece(bytes, run, end)
        run = at
        if (found === chunk.done) this.over(at, to)
        if (found !== chunk.extra) return at
      }
    }
    return to
  }

  private piece(bytes: Buffer, start: number, end: number): void {
    const isInUse = this.taker?.onPiece(bytes, start, end) === true
    // from where it was read first it is copied
    if (!isInUse || bytes !== this.buffer || bytes === this.shared.first) return
    this.lent.add(bytes)
    this.buffer = this.shared.buffers.take()
  }
}
