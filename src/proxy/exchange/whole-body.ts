import { chunk, ChunkScanner } from '../http1/chunks.ts'
import type { Exchange } from './exchange.ts'
import { Pieces } from './pieces.ts'

/** The content of a request as a whole, for a middleware that wants to see it before anybody else does. */
export class WholeBody {
  private readonly exchange: Exchange
  private pieces = new Pieces()
  private size = 0
  private most = 0
  private answer: ((body: Buffer | undefined) => void) | undefined
  private reading: Promise<Buffer | undefined> | undefined

  constructor(exchange: Exchange) {
    this.exchange = exchange
    this.answer = undefined
    this.reading = undefined
  }

  /** Undefined: it has more bytes than `most`. */
  async read(most: number): Promise<Buffer | undefined> {
    if (!this.reading) {
      const { promise, resolve } = Promise.withResolvers<Buffer | undefined>()
      this.reading = promise
      this.answer = resolve
      this.most = most
      this.exchange.sayContinue()
      this.catchUp()
    }
    const body = await this.reading
    return body && body.length > most ? undefined : body
  }

  content(bytes: Buffer, start: number, end: number): void {
    if (this.answer && this.takes(bytes.subarray(start, end))) this.exchange.client.resume()
  }

  end(): void {
    if (!this.answer) return
    const body = Buffer.concat(this.pieces.all())
    this.settle(this.exchange.asked.content === 'chunked' ? unchunked(body) : body)
  }

  /** Takes what has come while nobody wanted to see it: middlewares before this one may have taken their time. */
  private catchUp(): void {
    const { sending, client } = this.exchange
    const isWanted = sending.waiting.every((piece) => this.takes(piece))
    if (sending.hasAll) this.end()
    else if (isWanted && client.isPaused) client.resume()
  }

  /** Whether more may come. */
  private takes(piece: Buffer): boolean {
    this.size += piece.length
    this.pieces.add(piece)
    const isFew = this.size <= this.most
    if (!isFew) this.settle(undefined)
    return isFew
  }

  private settle(body: Buffer | undefined): void {
    this.answer?.(body)
    this.answer = undefined
    this.pieces = new Pieces()
  }
}

/** What is in chunks that were found to be right. */
function unchunked(bytes: Buffer): Buffer {
  const scanner = new ChunkScanner()
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length; at = scanner.end) {
    const found = scanner.next(bytes, at, bytes.length)
    if (found === chunk.data) parts.push(bytes.subarray(scanner.start, scanner.end))
    else if (found !== chunk.extra) break
  }
  return Buffer.concat(parts)
}
