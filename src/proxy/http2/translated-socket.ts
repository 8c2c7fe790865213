import type { Http2Stream } from 'node:http2'
import { Duplex, type DuplexOptions } from 'node:stream'

import { type Framing, type Head, MessageReader, type MessageTaker } from './message-reader.ts'

type Done = (error?: Error | null) => void

/** A connection of HTTP/1.1 that nobody has dialled: what is written to it goes to streams of HTTP/2. */
export abstract class TranslatedSocket<Stream extends Http2Stream>
  extends Duplex
  implements MessageTaker
{
  protected readonly reader: MessageReader
  protected stream: Stream | undefined
  /** Pieces of a write that the stream has not passed on yet, and who waits for them. */
  protected unsent = 0
  private done: Done | undefined

  constructor(options?: DuplexOptions) {
    super(options)
    this.reader = new MessageReader(this)
    this.stream = undefined
    this.done = undefined
  }

  abstract onHead(head: Head): Framing | undefined
  abstract onMessageEnd(): void

  onContent(bytes: Buffer, isLast: boolean): void {
    const { stream } = this
    if (!stream || stream.destroyed || bytes.length === 0) return
    const sent = () => this.sent(1)
    this.unsent++
    if (isLast) stream.end(bytes, sent)
    else stream.write(bytes, sent)
  }

  override _read(): void {
    this.stream?.resume()
  }

  override _write(bytes: Buffer, _: BufferEncoding, done: Done): void {
    try {
      this.reader.push(bytes)
    } catch (error) {
      return done(error instanceof Error ? error : undefined)
    }
    if (this.unsent === 0) done()
    else this.done = done
  }

  /** Nobody will pass on what is left. */
  protected forget(): void {
    this.sent(this.unsent)
  }

  private sent(pieces: number): void {
    const { done } = this
    this.unsent = Math.max(0, this.unsent - pieces)
    if (this.unsent > 0 || !done) return
    this.done = undefined
    done()
  }
}
