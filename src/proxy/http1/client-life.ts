import type { Duplex } from 'node:stream'

import { abort, askWhetherThere } from '../wire.ts'
import { copyOf } from './bytes.ts'
import { type ClientTimes, limits } from './limits.ts'
import type { RequestTaker } from './request-taker.ts'

/** What is read next, or why nothing is. */
export const state = {
  head: 0,
  length: 1,
  chunked: 2,
  answer: 3,
  tunnel: 4,
  refused: 5,
  linger: 6,
  closed: 7,
} as const

/** How often a client that is not read from is looked at. */
const lookMs = 1000
/** Who asks for nothing for so long needs nobody to take it. */
const sleepMs = 2000

/** How a client's connection is held up, what it has time for, and how it ends. */
export class ClientLife {
  readonly stream: Duplex
  isPaused = false
  /** The client has closed its half. */
  hasEnded = false
  /** The end of the connection is the end of the answer: only a reset tells that it is not whole. */
  isUnframed = false
  /** Undefined while nothing is asked for: then it is only memory, more than all else of a client. */
  protected taker: RequestTaker | undefined
  protected state: number = state.head
  protected stash: Buffer | undefined
  /** Some of a head is in the stash, and `sinceMs` is when that began. */
  protected isPartial = false
  /** Requests in the stash wait until the answers before them have gone. */
  protected isBlocked = false
  /** It sends no content before it is told to. */
  protected holdsBack = false
  /** What `sinceMs` is the time of depends on the state. */
  protected sinceMs: number
  protected nowMs: number
  /** Bytes of content, since `sinceMs`. */
  protected received = 0
  /** What the taker knows of the stash. */
  protected stashed = 0
  /** Bytes waited for the client at the last tick. */
  private hasWaited = false
  private pausedMs = 0
  /** When it was paused, or looked at since. */
  private lookedMs = 0
  /** All has gone to a client that is to close. */
  private hasSent = false
  private readonly times: ClientTimes

  constructor(stream: Duplex, times: ClientTimes, nowMs: number) {
    this.stream = stream
    this.taker = undefined
    this.stash = undefined
    this.times = times
    this.sinceMs = nowMs
    this.nowMs = nowMs
  }

  /** It has been told to send its content. */
  invite(): void {
    this.holdsBack = false
    this.sinceMs = this.nowMs
  }

  /** Nothing that comes from now on is looked at. `end` has to follow. */
  refuse(): void {
    this.state = state.refused
  }

  /** Whether content is still to come. */
  get isOwing(): boolean {
    return this.state === state.length || this.state === state.chunked
  }

  /** Whether something has come that nobody has looked at. */
  get hasMore(): boolean {
    return this.stash !== undefined
  }

  /** Whether nothing is asked for at the moment. */
  get isIdle(): boolean {
    return this.state === state.head && this.stash === undefined
  }

  /**
   * The last answer has been written. What the client sends from now on is let go: to close with it unread would
   * reset the connection, and the answer might never be read.
   */
  end(): void {
    const { stream } = this
    const isQuiet = this.state === state.answer && this.stash === undefined
    this.stash = undefined
    if (this.stashed !== 0) this.recount()
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
    stream.once('finish', () => this.onFinish())
  }

  /** Ends it if nothing has been asked for for so long. */
  endIdle(forMs: number): void {
    if (this.isIdle && this.nowMs - this.sinceMs >= forMs) this.end()
  }

  /** Cuts the connection, so that nobody takes what has come for whole. */
  destroy(): void {
    // what lingers is whole, and may still be read
    if (this.isUnframed && this.state !== state.linger) abort(this.stream)
    else this.stream.destroy()
  }

  pause(): void {
    this.isPaused = true
    this.pausedMs = this.nowMs
    this.lookedMs = this.nowMs
    this.stream.pause()
  }

  resume(): void {
    // what is here comes first
    if (this.isBlocked || this.isFull) return
    // a pause costs nobody his time, and many short ones give nobody more of it
    if (this.isPaused) this.sinceMs += this.nowMs - Math.max(this.pausedMs, this.sinceMs)
    this.isPaused = false
    this.stream.resume()
  }

  /** Ends what takes too long. */
  tick(nowMs: number): void {
    const { times } = this
    const pastMs = nowMs - this.sinceMs
    this.nowMs = nowMs
    this.lookAtStream()
    switch (this.state) {
      case state.head:
        if (pastMs > (this.isPartial ? times.headMs : times.idleMs)) this.late()
        else if (pastMs > sleepMs) this.sleep()
        return
      case state.length:
      case state.chunked:
        if (pastMs > times.rateMs && !this.isPaused) this.checkRate()
        break
      case state.linger:
        if (pastMs > (this.hasSent ? times.lingerMs : times.idleMs)) this.destroy()
        return
      case state.closed:
        return
      default:
    }
    this.taker?.onTick(nowMs)
  }

  /** So much has come behind a request that no more is read before that is answered. */
  protected get isFull(): boolean {
    return this.state === state.answer && (this.stash?.length ?? 0) > limits.head
  }

  /** Tells the taker how much stands here, if that has changed. */
  protected recount(): void {
    const { stash } = this
    // a few bytes of a large read keep all of it
    if (stash && stash.buffer.byteLength > 2 * stash.length) {
      this.stash = copyOf(stash, 0, stash.length)
    }
    const bytes = stash?.length ?? 0
    if (bytes === this.stashed) return
    this.stashed = bytes
    this.taker?.onStash(bytes)
  }

  private lookAtStream(): void {
    const { stream, nowMs } = this
    const isWaiting = stream.writableLength > 0
    if (isWaiting || this.hasWaited) this.taker?.onWaiting()
    this.hasWaited = isWaiting
    if (!this.isPaused || isWaiting || nowMs - this.lookedMs < lookMs) return
    this.lookedMs = nowMs
    askWhetherThere(stream)
  }

  /** Another one takes the next request, if there is one. */
  private sleep(): void {
    if (this.isIdle && !this.hasWaited) this.leave()
  }

  private late(): void {
    if (this.isPartial) this.taker?.onMalformed(408, 'the request took too long')
    else this.destroy()
  }

  /** Slower than this is no client but somebody who wants to keep connections busy. */
  private checkRate(): void {
    if (this.holdsBack && this.received === 0) return
    if (this.received < limits.leastBytes) {
      return this.taker?.onMalformed(408, 'the content came too slowly')
    }
    this.received = 0
    this.sinceMs = this.nowMs
  }

  /** All has gone after `end`. */
  private onFinish(): void {
    this.hasSent = true
    this.sinceMs = this.nowMs
    if (this.hasEnded) this.destroy()
  }

  onClose(): void {
    this.state = state.closed
    this.stash = undefined
    this.leave()
  }

  /** Nobody takes anything now. */
  private leave(): void {
    this.taker?.onClientGone()
    this.taker = undefined
  }
}
