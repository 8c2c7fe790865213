import { chunk, ChunkScanner } from '../http1/chunks.ts'

/** How much content has come of one message, of which the pieces are as they were sent: the framing of chunks is none. */
export class ContentCount {
  bytes = 0
  private chunks: ChunkScanner | undefined

  constructor() {
    this.chunks = undefined
  }

  /** The pieces of one message have to come in their order, all with the same `isChunked`. */
  add(bytes: Buffer, start: number, end: number, isChunked: boolean): void {
    if (!isChunked) {
      this.bytes += end - start
      return
    }
    const chunks = (this.chunks ??= new ChunkScanner())
    for (let at = start; at < end; at = chunks.end) {
      const found = chunks.next(bytes, at, end)
      if (found === chunk.data) this.bytes += chunks.end - chunks.start
      else if (found !== chunk.extra) return
    }
  }
}
