import { hash, randomBytes } from 'node:crypto'

import { recent } from './recent.ts'

/** Memory that all threads of the proxy count in, so that a limit is one limit, however many of them there are. */
export type Share = {
  /** For keyed hashes and for what one thread signs and another checks. */
  readonly secret: Uint8Array
  readonly seats: number
  readonly rates: SharedArrayBuffer
  readonly running: SharedArrayBuffer
}

const rateSlots = 65_536
/** Of the sources that came last; so many are known without a hash. */
const mostTags = 1000
/** Two rows of counters for each thread. */
const runningCells = 2 * 8192

/** For `seats` threads, 1 MiB and 64 KiB for each of them. */
export function newShare(seats: number): Share {
  return {
    secret: Uint8Array.from(randomBytes(32)),
    seats,
    rates: new SharedArrayBuffer(rateSlots * 2 * BigInt64Array.BYTES_PER_ELEMENT),
    running: new SharedArrayBuffer(seats * runningCells * Int32Array.BYTES_PER_ELEMENT),
  }
}

/** Takes back what a thread that is no more had counted as running. */
export function leaveSeat({ running }: Share, seat: number): void {
  new Int32Array(running).fill(0, seat * runningCells, (seat + 1) * runningCells)
}

/** 64 bits that stand for a text, and which nobody without the secret can make two texts share. */
export function tagger({ secret }: Share): (text: string) => bigint {
  const prefix = Buffer.from(secret).toString('base64')
  const known = recent<string, bigint>(mostTags)
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const tag = hash('sha256', `${prefix} ${text}`, 'buffer').readBigInt64LE()
    known.set(text, tag)
    return tag
  }
}

/** The clock of the machine, in milliseconds: the same in every thread. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** Requests that run now, by tag. */
export function runningCounts({ running, seats }: Share, seat: number) {
  const cells = new Int32Array(running)
  const width = runningCells / 2
  const placesOf = (tag: bigint): readonly [number, number] => [
    Number(tag & 0x1fffn),
    width + Number((tag >> 13n) & 0x1fffn),
  ]
  const sum = (place: number) => {
    let total = 0
    for (let one = 0; one < seats; one++) total += Atomics.load(cells, one * runningCells + place)
    return total
  }
  const add = (tag: bigint, count: number) => {
    for (const place of placesOf(tag)) Atomics.add(cells, seat * runningCells + place, count)
  }

  return {
    /** False, and nothing counted, when `most` run already. Others with the same place in both rows count, too. */
    enter(tag: bigint, most: number): boolean {
      add(tag, 1)
      if (Math.min(...placesOf(tag).map(sum)) <= most) return true
      add(tag, -1)
      return false
    },
    leave: (tag: bigint) => add(tag, -1),
  }
}
