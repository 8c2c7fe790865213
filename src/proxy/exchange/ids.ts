import { randomUUID } from 'node:crypto'

import { flat } from '../http1/bytes.ts'

const digits = 3
/** With the end of their line, so that there is one string less to be joined. */
const low = Array.from({ length: 16 ** digits }, (_, number) => `${hex(number, digits)}\r\n`)

/** Ids of requests, in the form of a UUID: the beginning is drawn by lot once, the rest counts. */
export class RequestIds {
  private readonly prefix = randomUUID().slice(0, 24)
  private high = 0
  private count = 0
  private text = ''

  /** Ends a line of a head. */
  next(): string {
    if (this.count === 0) this.text = flat(this.prefix + hex(this.high++, 12 - digits))
    const id = this.text + (low[this.count] ?? '')
    this.count = (this.count + 1) % low.length
    return id
  }
}

function hex(number: number, length: number): string {
  return number.toString(16).padStart(length, '0')
}
