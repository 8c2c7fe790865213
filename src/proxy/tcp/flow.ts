import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import type { ReadBuffers } from '../buffers.ts'
import type { Parked, Parker } from '../exchange/parked.ts'
import type { OnRead } from '../own-buffer.ts'
import { abort, askWhetherThere } from '../wire.ts'
import { mostAsText, whenFlushed } from './flushed.ts'

/** Reads that would have fitted into a smaller buffer, one after the other, before one is given back. */
const mostLittles = 16

/** What bytes on their way take, and where they count when they don't get on. */
export type Room = { readonly buffers: ReadBuffers; readonly parked: Parked }

/**
 * One way of a connection through us. Reads into one buffer over and over, and writes at once what was read. What the
 * kernel doesn't take waits in that buffer, and nothing more is read before it has gone: so no way holds more than one
 * buffer. `passed` is told how many bytes came.
 */
export class Flow implements Parker {
  /** For the socket that the bytes come from. */
  readonly onread: OnRead
  private readonly to: Duplex
  private readonly room: Room
  private readonly passed: (bytes: number) => void
  private readonly resume: () => void
  private source: Socket | undefined
  private buffer: Buffer
  /** Of its size among `buffers`. */
  private level = 0
  private littles = 0
  private isOver = false
  private isFromClient = false
  private diverted: ((text: string) => void) | undefined

  constructor(to: Duplex, room: Room, passed: (bytes: number) => void) {
    this.to = to
    this.room = room
    this.passed = passed
    this.source = undefined
    this.buffer = taken(room.buffers, 0)
    this.diverted = undefined
    this.resume = () => {
      this.room.parked.gone(this)
      this.source?.resume()
    }
    this.onread = { buffer: () => this.buffer, callback: (count) => this.onBytes(count) }
  }

  /** The socket that reads by `onread`, before anything can have come from it. */
  from(source: Socket): void {
    this.source = source
  }

  /** The same for one that may go away before all that it has sent has been taken, and takes the other side along. */
  fromClient(source: Socket): void {
    this.source = source
    this.isFromClient = true
  }

  giveUp(): void {
    abort(this.to)
    if (this.source) abort(this.source)
  }

  look(): void {
    if (this.isFromClient && this.source) askWhetherThere(this.source)
  }

  /** What comes next, all that is read at once, goes to `to` instead. */
  divert(to: (text: string) => void): void {
    this.diverted = to
  }

  /** What still comes is let go. */
  stop(): void {
    this.isOver = true
    this.room.parked.gone(this)
    this.source?.resume()
  }

  /** Both sockets are closed. */
  release(): void {
    const { buffers, parked } = this.room
    parked.gone(this)
    buffers[this.level]?.give(this.buffer)
  }

  private onBytes(count: number): boolean {
    const { buffer, to, diverted } = this
    if (this.isOver) return true
    if (diverted) {
      diverted(buffer.latin1Slice(0, count))
      this.diverted = undefined
      return true
    }
    this.passed(count)
    if (count <= mostAsText) to.write(buffer.latin1Slice(0, count), 'latin1')
    else to.write(count === buffer.length ? buffer : buffer.subarray(0, count))
    if (to.writableLength > 0) {
      this.room.parked.wait(this, buffer.length)
      whenFlushed(to, this.resume)
      return false
    }
    this.fit(count)
    return true
  }

  /** Chooses the buffer for the next read by the size of this one. */
  private fit(count: number): void {
    const { buffer, level } = this
    const { buffers } = this.room
    if (count === buffer.length) {
      this.littles = 0
      if (level + 1 < buffers.length) this.swap(level + 1)
    } else if (level === 0 || count > (buffers[level - 1]?.size ?? 0)) {
      this.littles = 0
    } else if (++this.littles > mostLittles) {
      this.swap(level - 1)
    }
  }

  private swap(level: number): void {
    const { buffers } = this.room
    buffers[this.level]?.give(this.buffer)
    this.buffer = taken(buffers, level)
    this.level = level
    this.littles = 0
  }
}

function taken(buffers: ReadBuffers, level: number): Buffer {
  const pool = buffers[level]
  if (!pool) throw new RangeError(`no buffers of level ${level}`)
  return pool.take()
}
