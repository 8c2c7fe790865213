/** Buffers of one size that are used again; a few are kept. */
export type Buffers = {
  readonly size: number
  take(): Buffer
  /** It must not be used any more. */
  give(buffer: Buffer): void
}

export function buffersOf(size: number, kept: number): Buffers {
  const free: Buffer[] = []
  return {
    size,
    take: () => free.pop() ?? Buffer.allocUnsafeSlow(size),
    give(buffer) {
      if (free.length < kept) free.push(buffer)
    },
  }
}

/** What endpoints' bytes are read into: small while little comes at a time, large for bulk. */
export type ReadBuffers = { readonly small: Buffers; readonly large: Buffers }

export function readBuffers(): ReadBuffers {
  return { small: buffersOf(16 * 1024, 256), large: buffersOf(64 * 1024, 64) }
}
