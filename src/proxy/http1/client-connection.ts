import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import { readIntoOwn } from '../own-buffer.ts'
import { copyOf, joined } from './bytes.ts'
import { chunk, ChunkScanner } from './chunks.ts'
import { ClientLife, state } from './client-life.ts'
import type { ClientStreams } from './client-streams.ts'
import { more } from './fields.ts'
import { type ClientTimes, limits } from './limits.ts'
import type { RequestHead } from './request-head.ts'
import type { Content, RequestTaker } from './request-taker.ts'

const carriageReturn = 0x0d
const lineFeed = 0x0a

/** What the connections of one entrypoint have in common. */
export type ClientOwner = {
  readonly streams: ClientStreams
  readonly times: ClientTimes
  /** Scans their heads, one at a time. */
  readonly head: RequestHead
  /** All connections of a worker read into it: whatever is to outlast the read has to be copied. */
  readonly shared: Buffer
  /** Called when something is asked for, after a while without; who was there before is told nothing more. */
  takerOf(connection: ClientConnection): RequestTaker
  onClosed(connection: ClientConnection): void
}

/** One connection of a client: its requests, one after the other. */
export class ClientConnection extends ClientLife {
  private readonly owner: ClientOwner
  private left = 0
  private chunks: ChunkScanner | undefined
  private isConsuming = false

  constructor(stream: Duplex, owner: ClientOwner, nowMs: number) {
    super(stream, owner.times, nowMs)
    this.owner = owner
    this.chunks = undefined
  }

  /** Begins to read. */
  start(): void {
    const { owner, stream } = this
    owner.streams.add(stream, this)
    if (stream instanceof Socket) {
      readIntoOwn(stream, { buffer: owner.shared, callback: (count) => this.onShared(count) })
    }
  }

  /** What comes after the head that `onRequest` was just called with, or not before `invite` if it `holdsBack`. */
  expect(content: Content, length: number, holdsBack: boolean): void {
    this.left = length
    if (content === 'none') this.state = state.answer
    else if (content === 'length') this.state = state.length
    else this.state = state.chunked
    if (content === 'chunked') {
      this.chunks ??= new ChunkScanner()
      this.chunks.reset()
    }
    this.holdsBack = holdsBack
    this.sinceMs = this.nowMs
    this.received = 0
  }

  /** What comes from now on is content, and so is what has come. */
  tunnel(): void {
    this.state = state.tunnel
    this.goOn()
  }

  /** The answer has been written: the next request may be served. */
  next(): void {
    this.state = state.head
    this.sinceMs = this.nowMs
    if (!this.isConsuming) this.goOn()
  }

  /** Looks at what has come, and reads on. */
  private goOn(): void {
    const { stash } = this
    if (stash) {
      this.stash = undefined
      this.consume(stash, 0, stash.length)
    }
    if (this.isBlocked) return
    const isAsking = this.state === state.head
    if (this.isPaused && (isAsking || !this.stash)) this.resume()
    // what is there of a request will never be a whole one
    if (this.hasEnded && isAsking) this.end()
  }

  onDrain(): void {
    if (this.isBlocked) {
      this.isBlocked = false
      this.goOn()
    }
    this.taker?.onClientDrain()
  }

  override onClose(): void {
    super.onClose()
    this.owner.onClosed(this)
  }

  /** Who takes what the client asks for. */
  private awake(): RequestTaker {
    return (this.taker ??= this.owner.takerOf(this))
  }

  /** Most reads bring the head of one request and nothing else, of which nothing is kept. */
  private onShared(count: number): boolean {
    const { owner, stream } = this
    const { head, shared } = owner
    const isFirst = this.state === state.head && this.stash === undefined
    const isPlain = isFirst && !stream.writableNeedDrain && shared[0] !== carriageReturn
    const end = isPlain ? head.scan(shared, 0, count) : more
    if (end <= 0) this.rest(0, count)
    else {
      this.isConsuming = true
      this.isPartial = false
      this.awake().onRequest(head, shared)
      if (end === count) this.consume(shared, end, count)
      else this.rest(end, count)
    }
    return true
  }

  /** Content goes on from where it was read, if nobody is to keep it; anything else gets a place of its own. */
  private rest(from: number, to: number): void {
    const { shared } = this.owner
    const isContent = this.state === state.length && to - from <= this.left && !this.stash
    if (isContent && this.taker?.copiesContent(to - from) === true) this.consume(shared, from, to)
    else this.onData(copyOf(shared, from, to))
  }

  onData(read: Buffer): void {
    if (!this.stash) return this.consume(read, 0, read.length)
    const bytes = joined(this.stash, read)
    const isAsking = this.state === state.head
    // a line that is not whole needs no look
    if (isAsking && (read.includes(lineFeed) || bytes.length > limits.head)) {
      this.stash = undefined
      return this.consume(bytes, 0, bytes.length)
    }
    this.stash = bytes
    this.recount()
    if (this.isFull) this.pause()
  }

  private consume(bytes: Buffer, from: number, to: number): void {
    let at = from
    this.isConsuming = true
    while (at < to) {
      switch (this.state) {
        case state.head:
          at = this.stream.writableNeedDrain ? this.block(bytes, at) : this.request(bytes, at)
          break
        case state.length:
          at = this.counted(bytes, at, to)
          break
        case state.chunked:
          at = this.chunked(bytes, at)
          break
        case state.answer:
          this.stash = bytes.subarray(at)
          if (this.isFull) this.pause()
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
    if (this.stash !== undefined || this.stashed !== 0) this.recount()
    this.taker?.onReadAll()
  }

  /** Nobody asks without end and takes no answer. */
  private block(bytes: Buffer, at: number): number {
    this.stash = bytes.subarray(at)
    this.isBlocked = true
    this.pause()
    return bytes.length
  }

  /** Returns where the head ends, or the end of the bytes. */
  private request(bytes: Buffer, from: number): number {
    const { head } = this.owner
    const taker = this.awake()
    const at = bytes[from] === carriageReturn ? afterEmptyLines(bytes, from) : from
    if (at === bytes.length || isHalfLine(bytes, at)) return this.wait(bytes, at)
    const end = head.scan(bytes, at, bytes.length)
    if (end > 0) {
      this.isPartial = false
      taker.onRequest(head, bytes)
      return end
    }
    if (end === more) return this.wait(bytes, at)
    taker.onMalformed(-end, head.why)
    return bytes.length
  }

  /** For the rest of a head of which something may be here. */
  private wait(bytes: Buffer, at: number): number {
    const isPartial = at < bytes.length
    if (isPartial) this.stash = bytes.subarray(at)
    if (isPartial && !this.isPartial) this.sinceMs = this.nowMs
    this.isPartial = isPartial
    return bytes.length
  }

  private counted(bytes: Buffer, at: number, to: number): number {
    const end = Math.min(to, at + this.left)
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
    if (!chunks || !taker) return bytes.length
    while (this.state === state.chunked) {
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

  onEnd(): void {
    const isSent = this.stream.writableLength === 0
    this.hasEnded = true
    if (this.state === state.linger) return isSent ? this.destroy() : undefined
    if (this.state === state.head) {
      if (this.isBlocked) return
      return isSent ? this.destroy() : this.end()
    }
    // a request that is not whole will never be
    if (this.isOwing) return this.destroy()
    this.taker?.onClientEnd()
  }
}

/** Old clients send empty lines after content (RFC 9112, 2.2). */
function afterEmptyLines(bytes: Buffer, from: number): number {
  let at = from
  while (bytes[at] === carriageReturn && bytes[at + 1] === lineFeed) at += 2
  return at
}

/** Whether an empty line begins with the last byte. */
function isHalfLine(bytes: Buffer, at: number): boolean {
  return at === bytes.length - 1 && bytes[at] === carriageReturn
}
