import { PassThrough, pipeline, Writable } from 'node:stream'

import { type AnswerHead, framing } from '../http1/answer-head.ts'
import type { Coder } from '../middleware/stage.ts'
import { overfull, refused } from './answers.ts'
import type { Exchange } from './exchange.ts'
import { hasNoBody } from './own-answer.ts'
import type { Parker } from './parked.ts'

/** How much waits here before the endpoint has to. */
const highWaterMark = 65_536
/** What a coder needs for itself: about so much. */
const coderBytes = 256 * 1024

/**
 * The content of an answer that does not go to the client as it comes: because it is not known yet whether it goes at
 * all, or because it is coded. From here on it is streams, which cost more and can do more.
 */
export class Pour implements Parker {
  readonly status: number
  private readonly exchange: Exchange
  private readonly hasContent: boolean
  private readonly input = new PassThrough({ highWaterMark })
  private isFlowing = false
  private isLost = false
  private isOver = false
  private heldBytes = 0

  constructor(exchange: Exchange, { status }: AnswerHead, ends: number) {
    this.exchange = exchange
    this.status = status
    this.hasContent = ends !== framing.none
    this.input.on('drain', () => {
      exchange.engine.parked.gone(this)
      exchange.connection?.resume()
    })
  }

  /** The bytes are copied: where they are others will be read. */
  write(bytes: Buffer, start: number, end: number): void {
    const copy = Buffer.from(bytes.subarray(start, end))
    if (this.input.write(copy)) return
    this.exchange.connection?.pause()
    this.exchange.engine.parked.wait(this, this.input.readableLength + this.input.writableLength)
  }

  /** All has come. */
  end(): void {
    this.input.end()
  }

  /** The rest will not come. */
  lost(): void {
    this.isLost = true
    if (this.isFlowing) this.exchange.client.destroy()
  }

  /**
   * Sends the head and then all content through `coders`. `length`: of the content, or of what a GET would bring, if it
   * is known.
   */
  flow(head: string, length: number | undefined, coders: readonly Coder[]): void {
    const { exchange, status } = this
    const { answering, asked, engine } = exchange
    if (this.isLost) return exchange.answer(refused)
    const used = this.hasContent ? coders : []
    const needed = used.length * coderBytes
    if (needed > 0 && !engine.parked.hold(needed)) return exchange.answer(overfull)
    this.heldBytes = needed
    this.isFlowing = true
    const isCounted = length !== undefined && coders.length === 0
    const isOpen = !isCounted && this.hasContent
    const isChunked = isOpen && asked.minor > 0
    if (isOpen && !isChunked) answering.endsByClosing()
    const counted = isCounted && !hasNoBody(status) ? `content-length: ${length}\r\n` : ''
    answering.changed(status, head, isChunked ? 'transfer-encoding: chunked\r\n' : counted)
    pipeline([this.input, ...used.map((make) => make()), this.sink(isChunked)], (error) => {
      if (this.isOver) return
      // nobody must take what has come for whole
      if (error) exchange.client.destroy()
      else exchange.poured()
    })
  }

  /** Nobody waits for it any more. */
  destroy(): void {
    const { parked } = this.exchange.engine
    this.isOver = true
    parked.gone(this)
    parked.release(this.heldBytes)
    this.heldBytes = 0
    this.input.destroy()
  }

  giveUp(): void {
    this.exchange.client.destroy()
  }

  private sink(isChunked: boolean): Writable {
    const { answering, client } = this.exchange
    const { stream } = client
    const lines = isChunked ? (size: number) => `${size.toString(16)}\r\n` : () => ''
    const end = isChunked ? '\r\n' : ''
    return new Writable({
      write: (bytes: Buffer, _, next) => {
        this.exchange.moved()
        answering.write(lines(bytes.length))
        answering.pour(bytes)
        if (answering.write(end) || stream.writableLength === 0) return next()
        answering.park()
        stream.once('drain', () => next())
      },
      final: (next) => {
        if (isChunked) answering.write('0\r\n\r\n')
        next()
      },
    })
  }
}
