import { type Buffers, noBuffers } from '../buffers.ts'

/** Buffers whose bytes are still being written to somebody who does not keep up. */
export class Lent {
  private readonly buffers: Buffers
  private lent: Buffer[] = []

  constructor(buffers: Buffers) {
    this.buffers = buffers
  }

  add(buffer: Buffer): void {
    this.lent.push(buffer)
  }

  /** Their sizes: a few bytes that wait keep all of a buffer. */
  get bytes(): number {
    return sizeOf(this.lent)
  }

  /** Nobody uses them any more. */
  reclaim(): void {
    if (this.lent.length === 0) return
    for (const buffer of this.lent) this.buffers.give(buffer)
    this.lent = []
  }

  /** From now on they are the matter of who asks, and may still be in use. */
  handOver(): readonly Buffer[] {
    if (this.lent.length === 0) return noBuffers
    const { lent } = this
    this.lent = []
    return lent
  }
}

export function sizeOf(buffers: readonly Buffer[]): number {
  let bytes = 0
  for (const { length } of buffers) bytes += length
  return bytes
}
