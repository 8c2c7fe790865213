import type { Duplex } from 'node:stream'

import type { Buffers } from '../buffers.ts'

/** Up to here content is written as part of a string: cheaper than a buffer. */
const textBytes = 4 * 1024
/** So many buffers from which somebody still reads are remembered, to be used again. */
const mostBusy = 64
/** Up to here it is copied behind its head: cheaper than two writes. */
const copyBytes = 32 * 1024

type Busy = { readonly buffer: Buffer; readonly stream: Duplex }

/** Writes what belongs together in one call where that is cheaper. One of it serves a whole worker. */
export class Sender {
  private readonly buffers: Buffers
  private readonly boxes: Buffers
  private readonly shared: Buffer
  private scratch: Buffer
  private readonly busy: Busy[] = []

  /**
   * `boxes`: what `sendBoxed` writes from. `shared`: others read into it, too, so nothing is written from there. Not
   * larger than `buffers`.
   */
  constructor(buffers: Buffers, boxes: Buffers, shared: Buffer) {
    this.buffers = buffers
    this.boxes = boxes
    this.shared = shared
    this.scratch = buffers.take()
  }

  /**
   * Writes `text` and then the bytes from `start` to `end`. False if the other side does not keep up. What is left of
   * `bytes` stays in use until `stream.writableLength` is 0, when it has not been so at once.
   */
  send(stream: Duplex, text: string, bytes: Buffer, start: number, end: number): boolean {
    const size = end - start
    if (size === 0) return text === '' || stream.write(text, 'latin1')
    if (size <= textBytes) return stream.write(text + bytes.latin1Slice(start, end), 'latin1')
    if (bytes === this.shared) return this.copyShared(stream, text, bytes, start, end)
    if (text === '') return stream.write(bytes.subarray(start, end))
    if (size <= copyBytes && text.length <= copyBytes)
      return this.copy(stream, text, bytes, start, end)
    // one call of the system for both
    stream.cork()
    stream.write(text, 'latin1')
    const isKeepingUp = stream.write(bytes.subarray(start, end))
    stream.uncork()
    return isKeepingUp
  }

  /** Whether so many bytes fit into a box. */
  fits(size: number): boolean {
    return size <= this.boxes.size
  }

  /** For `sendBoxed`. */
  takeBox(): Buffer {
    return this.boxes.take()
  }

  /** Nobody writes from `box`, or reads it, any more. */
  giveBox(box: Buffer): void {
    this.boxes.give(box)
  }

  /** As `send`, from a copy in `box`, where the bytes stay behind the text. `bytes` are free at once. */
  sendBoxed(
    stream: Duplex,
    text: string,
    bytes: Buffer,
    start: number,
    end: number,
    box: Buffer,
  ): boolean {
    const from = box.latin1Write(text, 0)
    const to = from + bytes.copy(box, from, start, end)
    if (end - start <= textBytes) return stream.write(box.latin1Slice(0, to), 'latin1')
    return stream.write(box.subarray(0, to))
  }

  /** Nobody reads these any more. */
  giveBack(buffers: readonly Buffer[]): void {
    for (const buffer of buffers) this.buffers.give(buffer)
  }

  /** Whatever room there is for both, nothing is written from the shared buffer. */
  private copyShared(
    stream: Duplex,
    text: string,
    bytes: Buffer,
    start: number,
    end: number,
  ): boolean {
    const isFitting = text.length + end - start <= this.scratch.length
    if (isFitting) return this.copy(stream, text, bytes, start, end)
    stream.write(text, 'latin1')
    return this.copy(stream, '', bytes, start, end)
  }

  private copy(stream: Duplex, text: string, bytes: Buffer, start: number, end: number): boolean {
    const { scratch } = this
    const from = scratch.latin1Write(text, 0)
    const to = from + bytes.copy(scratch, from, start, end)
    const isKeepingUp = stream.write(scratch.subarray(0, to))
    // what the kernel did not take at once is still being read
    if (stream.writableLength > 0) this.scratch = this.instead(scratch, stream)
    return isKeepingUp
  }

  /** Another buffer, while `buffer` belongs to what `stream` still has to write. */
  private instead(buffer: Buffer, stream: Duplex): Buffer {
    const { busy, buffers } = this
    const at = busy.findIndex((one) => one.stream.writableLength === 0)
    const [free] = at < 0 ? [] : busy.splice(at, 1)
    if (busy.length === mostBusy) busy.shift()
    busy.push({ buffer, stream })
    return free?.buffer ?? buffers.take()
  }
}
