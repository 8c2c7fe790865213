export const noBuffers: readonly Buffer[] = []

/** Buffers of one size that are used again: to make one costs more than to read into it. A few are kept. */
export type Buffers = {
  readonly size: number
  take(): Buffer
  /** Nobody reads or writes `buffer` any more. One of another size is let go. */
  give(buffer: Buffer): void
}

export function buffersOf(size: number, kept: number): Buffers {
  const free: Buffer[] = []
  return {
    size,
    take: () => free.pop() ?? Buffer.allocUnsafeSlow(size),
    give(buffer) {
      if (buffer.length === size && free.length < kept) free.push(buffer)
    },
  }
}

/** What bulk from endpoints of HTTP is read into. */
export function bulkBuffers(): Buffers {
  return buffersOf(128 * 1024, 128)
}

/** What content of requests stands in until it is answered, in case that it has to be sent once more. */
export function boxBuffers(): Buffers {
  return buffersOf(16 * 1024, 256)
}

/** What bytes of tunnels are read into: small while little comes at a time, large for bulk; the smallest first. */
export type ReadBuffers = readonly Buffers[]

export function readBuffers(): ReadBuffers {
  return [buffersOf(4 * 1024, 1024), buffersOf(16 * 1024, 256), buffersOf(64 * 1024, 64)]
}
