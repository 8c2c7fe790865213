import { noBuffers } from '../buffers.ts'
import { type AnswerHead, framing } from '../http1/answer-head.ts'
import type { ClientConnection } from '../http1/client-connection.ts'
import { sizeOf } from '../http1/lent.ts'
import type { Sender } from '../http1/sender.ts'
import type { UpstreamConnection } from '../http1/upstream-connection.ts'
import type { OwnAnswer } from '../middleware/draft.ts'
import { answerText } from './answer-text.ts'
import { type Answer, textOf } from './answers.ts'
import type { Asked } from './asked.ts'
import { isUndated, now } from './date.ts'
import { hasNoBody, ownHead } from './own-answer.ts'
import type { Parked, Parker } from './parked.ts'
import { ReadRate } from './read-rate.ts'

const crlf = '\r\n'
const lastChunk = '0\r\n\r\n'
const switching = 'connection: Upgrade\r\nupgrade: websocket\r\n'
const eventStream = 'text/event-stream'
/** Larger pieces are written from where they were read. */
const smallBytes = 4 * 1024

/** One answer on its way to the client. */
export class Answering implements Parker {
  /** 0 until there is one. */
  status = 0
  /** The connection ends after it. */
  closes = false
  /** It may stand still as long as it likes. */
  isEndless = false
  /** Bytes that went to the client, whole heads included. */
  sent = 0
  private readonly client: ClientConnection
  private readonly asked: Asked
  private readonly sender: Sender
  private readonly parked: Parked
  private readonly rate = new ReadRate()
  /** The head, until it is written. */
  private head = ''
  /** Content gets chunks of our own. */
  private wraps = false
  /** What had gone at the last count. */
  private gone = 0
  /** What bytes that still wait stand in, when the answer has ended. */
  private owed = noBuffers

  constructor(client: ClientConnection, asked: Asked, sender: Sender, parked: Parked) {
    this.client = client
    this.asked = asked
    this.sender = sender
    this.parked = parked
  }

  /** For a new request. */
  reset(): void {
    this.status = 0
    this.closes = false
    this.isEndless = false
    this.sent = 0
    this.head = ''
    this.wraps = false
    this.rate.restart()
    if (this.owed !== noBuffers && this.client.stream.writableLength === 0) this.settle()
  }

  /** Nothing of it has been written. */
  get isUnseen(): boolean {
    return this.status === 0 || this.head !== ''
  }

  /** Of the interim answers only early hints tell the client something. */
  interim(head: AnswerHead, bytes: Buffer): void {
    if (head.status !== 103 || this.asked.minor === 0) return
    this.write(answerText(head, bytes, false, ''))
  }

  /**
   * Framing is ours; it follows what the endpoint chose where the client understands that. `more`: headers that are
   * added. `changed`: the lines of the head, if they are others than those in `head`.
   */
  begin(
    head: AnswerHead,
    bytes: Buffer,
    ends: number,
    from: UpstreamConnection,
    more: string,
    changed?: string,
  ): void {
    const isOld = this.asked.minor === 0
    this.status = head.status
    let added = ''
    // what a HEAD or a 304 is about has a length all the same
    const isLength = ends === framing.length || (ends === framing.none && head.status !== 204)
    if (head.status === 101) {
      added = switching
      this.isEndless = true
    } else if (isLength) {
      // what was changed has no framing any more
      if (head.contentLength >= 0 && (changed !== undefined || !head.isPlainLength)) {
        added = `content-length: ${head.contentLength}\r\n`
      }
    } else if (ends === framing.none) {
      added = ''
    } else if (isOld) {
      this.endsByClosing()
      from.isUnwrapped = true
    } else {
      added = 'transfer-encoding: chunked\r\n'
      this.wraps = ends === framing.close
    }
    if (head.contentType >= 0 && head.valueBegins(bytes, head.contentType, eventStream)) {
      this.isEndless = true
    }
    if (changed === undefined && isUndated(head)) added += `date: ${now()}\r\n`
    added += more + this.connectionText(head.status === 101)
    this.head =
      changed === undefined
        ? answerText(head, bytes, isLength && head.isPlainLength, added)
        : `${changed}${added}\r\n`
  }

  /** Returns whether `bytes` are in use for longer. */
  piece(bytes: Buffer, start: number, end: number, from: UpstreamConnection): boolean {
    const { stream } = this.client
    let text = this.head
    this.head = ''
    if (this.wraps) text += `${(end - start).toString(16)}\r\n`
    this.sent += text.length + end - start
    let isKeepingUp = this.sender.send(stream, text, bytes, start, end)
    if (this.wraps) isKeepingUp = this.write(crlf)
    const isPending = stream.writableLength > 0
    if (!isKeepingUp && isPending) {
      from.pause()
      this.park()
    }
    return isPending && end - start > smallBytes
  }

  /** Writes the head if no content came with it. */
  flush(): void {
    if (this.head === '') return
    this.write(this.head)
    this.head = ''
  }

  end(): void {
    const text = this.wraps ? this.head + lastChunk : this.head
    this.head = ''
    if (text !== '') this.write(text)
  }

  /** An answer of our own, whole. */
  own(answer: Answer, accept: string): void {
    this.status = answer.status
    this.head = ''
    const added = this.connectionText(false)
    this.write(textOf(answer, accept, added, this.asked.verb === 'HEAD'))
  }

  /** An answer of our own with a head and a body of its own. */
  whole(answer: OwnAnswer): void {
    this.status = answer.status
    this.head = ''
    this.write(ownHead(answer, this.connectionText(false)))
    const isBare = this.asked.verb === 'HEAD' || hasNoBody(answer.status)
    if (!isBare && answer.body) this.pour(answer.body)
  }

  /** The head of an answer whose content takes another way. */
  changed(status: number, lines: string, framed: string): void {
    this.status = status
    this.head = ''
    this.write(`${lines}${framed}${this.connectionText(false)}\r\n`)
  }

  /** What `OPTIONS *` gets: there is nothing to say of us. */
  empty(): void {
    this.status = 204
    this.write(`HTTP/1.1 204 No Content\r\n${this.connectionText(false)}\r\n`)
  }

  /** Writes `bytes` of a content that takes another way. False if the client does not keep up. */
  pour(bytes: Buffer): boolean {
    this.sent += bytes.length
    return this.client.stream.write(bytes)
  }

  /** The same for what is ASCII, or a head. */
  write(text: string): boolean {
    this.sent += text.length
    return this.client.stream.write(text, 'latin1')
  }

  /** Whether the client takes less than it must of what waits for it. Tunnels and event streams may stand still. */
  isTooSlowlyRead(nowMs: number, idleMs: number): boolean {
    if (this.isEndless) return false
    return this.rate.isTooSlow(this.sent, this.client.stream.writableLength, nowMs, idleMs)
  }

  /** The client does not keep up. */
  park(): void {
    this.parked.wait(this, this.client.stream.writableLength)
  }

  /**
   * Counts what waits, which may be too little to hold anybody up: so nobody hears when it has gone, and this is to be
   * called again. `lent`: bytes of the buffers in which it stands, as far as they are not owed.
   */
  recount(lent: number): void {
    const waiting = this.client.stream.writableLength
    const gone = this.sent - waiting
    if (waiting === 0) return this.unpark()
    // who takes something has not waited longest
    if (gone !== this.gone) this.parked.gone(this)
    this.gone = gone
    this.parked.wait(this, Math.max(waiting, lent + sizeOf(this.owed)))
  }

  /** It has taken all, or is gone. */
  unpark(): void {
    this.parked.gone(this)
    if (this.owed !== noBuffers) this.settle()
  }

  /** These are free when what waits has gone. */
  owe(buffers: readonly Buffer[]): void {
    if (buffers !== noBuffers) this.owed = [...this.owed, ...buffers]
  }

  private settle(): void {
    this.sender.giveBack(this.owed)
    this.owed = noBuffers
  }

  giveUp(): void {
    this.client.destroy()
  }

  /** There is no other way to tell an old client that the answer is over. */
  endsByClosing(): void {
    this.closes = true
    this.client.isUnframed = true
  }

  private connectionText(isUpgrade: boolean): string {
    if (isUpgrade) return ''
    if (this.closes) return 'connection: close\r\n'
    return this.asked.minor === 0 ? 'connection: keep-alive\r\n' : ''
  }
}
