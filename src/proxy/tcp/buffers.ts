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

/** What bytes of tunnels are read into: small while little comes at a time, large for bulk; the smallest first. */
export type ReadBuffers = readonly Buffers[]

export function readBuffers(): ReadBuffers {
  return [buffersOf(4 * 1024, 1024), buffersOf(16 * 1024, 256), buffersOf(64 * 1024, 64)]
}
