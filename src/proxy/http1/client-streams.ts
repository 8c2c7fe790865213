import type { Duplex } from 'node:stream'

/** Who is told what happens to a stream. */
export type StreamOwner = {
  onData(bytes: Buffer): void
  onDrain(): void
  onEnd(): void
  onClose(): void
  tick(nowMs: number): void
}

/** The streams of a worker's clients, heard by the same five functions: ones for each would be 0.3 KiB of each client. */
export class ClientStreams {
  private readonly owners = new Map<Duplex, StreamOwner>()
  private readonly data: (this: Duplex, bytes: Buffer) => void
  private readonly drain: (this: Duplex) => void
  private readonly end: (this: Duplex) => void
  private readonly close: (this: Duplex) => void

  constructor() {
    const { owners } = this
    this.data = function onData(bytes) {
      owners.get(this)?.onData(bytes)
    }
    this.drain = function onDrain() {
      owners.get(this)?.onDrain()
    }
    this.end = function onEnd() {
      owners.get(this)?.onEnd()
    }
    this.close = function onClose() {
      const owner = owners.get(this)
      owners.delete(this)
      owner?.onClose()
    }
  }

  /** From now on, and until `stream` is closed, `owner` is told. */
  add(stream: Duplex, owner: StreamOwner): void {
    this.owners.set(stream, owner)
    stream.on('data', this.data)
    stream.on('drain', this.drain)
    stream.on('end', this.end)
    stream.on('error', destroyed)
    stream.on('close', this.close)
  }

  tick(nowMs: number): void {
    for (const owner of this.owners.values()) owner.tick(nowMs)
  }
}

function destroyed(this: Duplex): void {
  this.destroy()
}
