import { randomUUID } from 'node:crypto'

const digits = 3
const low = Array.from({ length: 16 ** digits }, (_, number) => hex(number, digits))

/** Ids of requests, in the form of a UUID: the beginning is drawn by lot once, the rest counts. */
export class RequestIds {
  private readonly prefix = randomUUID().slice(0, 24)
  private high = 0
  private count = 0
  private text = ''

  next(): string {
    if (this.count === 0) this.text = this.prefix + hex(this.high++, 12 - digits)
    const id = this.text + (low[this.count] ?? '')
    this.count = (this.count + 1) % low.length
    return id
  }
}

function hex(number: number, length: number): string {
  return number.toString(16).padStart(length, '0')
}
