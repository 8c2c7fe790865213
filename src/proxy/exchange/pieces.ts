const nothing = Buffer.alloc(0)
/** Smaller pieces are put together: for each buffer the runtime keeps some 200 bytes beside what is in it. */
const smallBytes = 1024
/** What they are put into: first this much, later more, but never much more than there is. */
const leastBlock = smallBytes
const mostBlock = 16 * 1024

/** Bytes that come piece by piece and are kept, in few buffers even if they come one by one. */
export class Pieces {
  private readonly closed: Buffer[] = []
  private bytes = 0
  private block: Buffer = nothing
  /** Of the block: what is not in `closed`, and where there is room. */
  private from = 0
  private to = 0

  /** A small piece is copied; another one has to stay as it is. */
  add(piece: Buffer): void {
    const size = piece.length
    this.bytes += size
    if (size >= smallBytes) {
      this.close()
      this.closed.push(piece)
      return
    }
    if (this.to + size > this.block.length) this.renew()
    piece.copy(this.block, this.to)
    this.to += size
  }

  /** All of them, in as few as there are. */
  all(): readonly Buffer[] {
    const { closed, block, from, to } = this
    return to > from ? [...closed, block.subarray(from, to)] : closed
  }

  copy(): Pieces {
    const copy = new Pieces()
    for (const piece of this.all()) copy.add(piece)
    return copy
  }

  private close(): void {
    const { closed, block, from, to } = this
    if (to > from) closed.push(block.subarray(from, to))
    this.from = to
  }

  /** In a pool of Node's a few bytes would keep 64 KiB. */
  private renew(): void {
    this.close()
    this.block = Buffer.allocUnsafeSlow(Math.min(mostBlock, Math.max(leastBlock, this.bytes)))
    this.from = 0
    this.to = 0
  }
}
