import { write } from 'node:fs'

import { errnoOf } from '../../core/errors.ts'

export type LinesOptions = {
  /** Who may write now, as `seat` + 1; 0 for nobody. In memory that all threads share. */
  readonly turn: Int32Array
  readonly seat: number
  /** Told how many lines nobody will ever read. */
  readonly dropped: (lines: number) => void
  /** Where lines go; standard output unless given. */
  readonly fd?: number
}

/** What is gathered for this long, or up to this size, is written at once. */
const gatherMs = 50
const pieceBytes = 128 * 1024
/** How many pieces may wait, beside the one that is gathered. */
const mostWaiting = 8
/** How long until the next try, where another thread writes or nobody reads. */
const waitMs = 5

/** Whole lines, from the beginning of `bytes` to `end`. */
type Piece = { readonly bytes: Buffer; end: number; lines: number }

/**
 * Writes lines to a file descriptor that several threads share, whole and one after the other. Nobody ever waits for it:
 * what its reader doesn't take in time is dropped. Only the thread whose turn it is writes, so that a reader that stands
 * still keeps no more than one thread of libuv's pool, even where the descriptor blocks.
 */
export class Lines {
  private readonly options: LinesOptions
  private readonly fd: number
  private gathered: Piece | undefined
  private waiting: Piece[] = []
  private spare: Piece | undefined
  /** What is being written, and how far. */
  private piece: Piece | undefined
  private at = 0
  private timer: NodeJS.Timeout | undefined
  private ended: (() => void) | undefined

  constructor(options: LinesOptions) {
    this.options = options
    this.fd = options.fd ?? 1
    this.gathered = undefined
    this.spare = undefined
    this.piece = undefined
    this.timer = undefined
    this.ended = undefined
  }

  /** `line` is ASCII and ends with a line feed. */
  add(line: string): void {
    const piece = this.pieceFor(line.length)
    if (!piece) return this.options.dropped(1)
    piece.end += piece.bytes.latin1Write(line, piece.end)
    piece.lines++
    this.later(gatherMs)
  }

  /** Resolves when all has been written, or after `limitMs`. */
  async end(limitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const limit = setTimeout(resolve, limitMs)
    this.ended = resolve
    this.begin()
    await promise
    clearTimeout(limit)
  }

  /** One that has so much room; undefined: there is none. */
  private pieceFor(length: number): Piece | undefined {
    const { gathered } = this
    if (gathered && gathered.end + length <= pieceBytes) return gathered
    if (length > pieceBytes) return undefined
    if (gathered) {
      if (this.waiting.length >= mostWaiting) return undefined
      this.waiting.push(gathered)
      this.begin()
    }
    this.gathered = this.spare ?? { bytes: Buffer.allocUnsafeSlow(pieceBytes), end: 0, lines: 0 }
    this.spare = undefined
    return this.gathered
  }

  private later(ms: number): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      this.begin()
    }, ms)
  }

  private begin(): void {
    const { turn, seat } = this.options
    if (this.piece) return
    if (!this.gathered && this.waiting.length === 0) return this.ended?.()
    if (Atomics.compareExchange(turn, 0, 0, seat + 1) !== 0) return this.later(waitMs)
    this.piece = this.waiting.shift() ?? this.gathered
    if (this.piece === this.gathered) this.gathered = undefined
    this.at = 0
    this.write()
  }

  private write(): void {
    const { piece, at } = this
    if (!piece) return
    write(this.fd, piece.bytes, at, piece.end - at, null, (error, count) =>
      this.written(piece, error, count),
    )
  }

  private written(piece: Piece, error: Error | null, count: number): void {
    if (errnoOf(error) === 'EAGAIN') return void setTimeout(() => this.write(), waitMs)
    if (error) this.options.dropped(piece.lines)
    else this.at += count
    if (!error && this.at < piece.end) return this.write()
    this.piece = undefined
    piece.end = 0
    piece.lines = 0
    this.spare = piece
    leaveTurn(this.options.turn, this.options.seat)
    if (this.waiting.length > 0 || this.ended) this.begin()
    else if (this.gathered) this.later(gatherMs)
  }
}

/** Takes a thread's turn back, for one that is no more, or has written. */
export function leaveTurn(turn: Int32Array, seat: number): void {
  Atomics.compareExchange(turn, 0, seat + 1, 0)
}
