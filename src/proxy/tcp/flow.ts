import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import type { Buffers, ReadBuffers } from './buffers.ts'
import { mostAsText, whenFlushed } from './flushed.ts'

/** Reads that would have fitted into the small buffer, one after the other, before the large one is given back. */
const mostLittles = 16

/** How bytes that come over a socket are read, as Node's option `onread` has it. */
export type OnRead = {
  readonly buffer: () => Buffer
  readonly callback: (count: number) => boolean
}

/**
 * One way of a connection through us. Reads into one buffer over and over, and writes at once what was read. What the
 * kernel doesn't take waits in that buffer, and nothing more is read before it has gone: so no way holds more than one
 * buffer. `passed` is told how many bytes came.
 */
export class Flow {
  /** For the socket that the bytes come from. */
  readonly onread: OnRead
  private readonly to: Duplex
  private readonly small: Buffers
  private readonly large: Buffers
  private readonly passed: (bytes: number) => void
  private readonly resume: () => void
  private source: Socket | undefined
  private buffer: Buffer
  private littles = 0
  private diverted: ((text: string) => void) | undefined

  constructor(to: Duplex, { small, large }: ReadBuffers, passed: (bytes: number) => void) {
    this.to = to
    this.small = small
    this.large = large
    this.passed = passed
    this.source = undefined
    this.buffer = small.take()
    this.diverted = undefined
    this.resume = () => void this.source?.resume()
    this.onread = { buffer: () => this.buffer, callback: (count) => this.onBytes(count) }
  }

  /** The socket that reads by `onread`, before anything can have come from it. */
  from(source: Socket): void {
    this.source = source
  }

  /** What comes next, all that is read at once, goes to `to` instead. */
  divert(to: (text: string) => void): void {
    this.diverted = to
  }

  /** Both sockets are closed. */
  release(): void {
    if (this.isSmall) this.small.give(this.buffer)
    else this.large.give(this.buffer)
  }

  private get isSmall(): boolean {
    return this.buffer.length === this.small.size
  }

  private onBytes(count: number): boolean {
    const { buffer, to, diverted } = this
    if (diverted) {
      diverted(buffer.latin1Slice(0, count))
      this.diverted = undefined
      return true
    }
    this.passed(count)
    if (count <= mostAsText) to.write(buffer.latin1Slice(0, count), 'latin1')
    else to.write(count === buffer.length ? buffer : buffer.subarray(0, count))
    if (to.writableLength > 0) {
      whenFlushed(to, this.resume)
      return false
    }
    this.fit(count)
    return true
  }

  /** Chooses the buffer for the next read by the size of this one. */
  private fit(count: number): void {
    if (this.isSmall) {
      if (count === this.small.size) this.swap(this.small, this.large)
    } else if (count > this.small.size) {
      this.littles = 0
    } else if (++this.littles > mostLittles) {
      this.swap(this.large, this.small)
    }
  }

  private swap(from: Buffers, to: Buffers): void {
    from.give(this.buffer)
    this.buffer = to.take()
    this.littles = 0
  }
}
