export const noBuffers: readonly Buffer[] = []

/** Of a buffer that bulk is read into. */
const largeBytes = 128 * 1024
const kept = 128

/** Large buffers to read into, used again and again: to make one costs more than to read into it. */
export class Buffers {
  private readonly free: Buffer[] = []

  take(): Buffer {
    return this.free.pop() ?? Buffer.allocUnsafeSlow(largeBytes)
  }

  /** Nobody reads or writes `buffer` any more. Others than those that `take` gave are let go. */
  give(buffer: Buffer): void {
    if (buffer.length === largeBytes && this.free.length < kept) this.free.push(buffer)
  }
}
