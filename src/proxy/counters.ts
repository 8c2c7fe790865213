import { outcomes } from './tcp/counts.ts'

/** Classes of status; 499 for clients that went away. */
export const codes = ['1xx', '2xx', '3xx', '4xx', '5xx', '499'] as const
/** Upper bounds of the histogram; what takes longer has a place after them. */
export const bucketSeconds = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60] as const

/**
 * What became of copies of requests. `ok`: the mirror has answered, whatever; `failed`: it has not; `late`: not in time;
 * `dropped`: too many were on their way, or the request ended before its content; `too large`: its content.
 */
export const mirrorOutcomes = ['ok', 'failed', 'late', 'dropped', 'too large'] as const
export type MirrorOutcome = (typeof mirrorOutcomes)[number]

/** Services, and endpoints, that have numbers of their own; what is more shares some, or has none. */
export const mostServices = 16_384
export const mostEndpoints = 65_536

/** The places that no service of the table has. */
export const noService = 0
export const otherService = 1

/**
 * The numbers of one worker, in memory that the main thread reads: nobody waits for anybody. Doubles, because a count
 * of 32 bits is full in half a day; a double is read as a whole on every machine of 64 bits.
 */
export type Counters = {
  /** See `placeOf`. */
  readonly requests: Float64Array
  /** Requests in flight, by entrypoint. */
  readonly running: Int32Array
  /** Open connections of TCP, by entrypoint. */
  readonly open: Int32Array
  /** Connections that have ended: see `tcpPlaceOf`. */
  readonly connections: Float64Array
  /** From clients of TCP entrypoints, and to them. */
  readonly bytes: Float64Array
  readonly retried: Float64Array
  /** By place in `mirrorOutcomes`. */
  readonly mirrored: Float64Array
  readonly held: Int32Array
  /** Bytes that wait for who does not keep up. */
  readonly parked: Float64Array
  /** Connections that were given up, and requests that were refused, because too many did. */
  readonly overfull: Float64Array
  /** Lines of the access log that nobody took in time. */
  readonly unlogged: Float64Array
  /** By endpoint. */
  readonly inFlight: Int32Array
  /** By endpoint: connects that failed since the last one that did not. */
  readonly failures: Int32Array
  /** By endpoint: until when it is ejected, milliseconds since the epoch. */
  readonly ejected: Float64Array
}

const stride = codes.length + bucketSeconds.length + 2
const width = mostServices * stride
const tcpWidth = mostServices * outcomes.length

/** Where the codes of a service at an entrypoint begin; its buckets follow, then the seconds in all. */
export function placeOf(entrypoint: number, service: number): number {
  return entrypoint * width + service * stride
}

/** The same for the outcomes of connections. */
export function tcpPlaceOf(entrypoint: number, service: number): number {
  return entrypoint * tcpWidth + service * outcomes.length
}

export const bucketsAt = codes.length
export const secondsAt = stride - 1

/** Pages of it that nobody writes to cost no memory. */
export function newCounters(entrypoints: number): Counters {
  return {
    requests: doubles(entrypoints * width),
    connections: doubles(entrypoints * tcpWidth),
    bytes: doubles(2),
    retried: doubles(1),
    mirrored: doubles(mirrorOutcomes.length),
    overfull: doubles(1),
    unlogged: doubles(1),
    ...nothingRunning(entrypoints),
  }
}

/** Forgets what a service had. */
export function clearService(
  { requests, connections }: Counters,
  entrypoints: number,
  service: number,
): void {
  for (let entrypoint = 0; entrypoint < entrypoints; entrypoint++) {
    const at = placeOf(entrypoint, service)
    requests.fill(0, at, at + stride)
    const tcpAt = tcpPlaceOf(entrypoint, service)
    connections.fill(0, tcpAt, tcpAt + outcomes.length)
  }
}

/** For who comes after the worker that had `counters`: nothing runs, and what was counted stays counted. */
export function inherited(counters: Counters): Counters {
  return { ...counters, ...nothingRunning(counters.running.length) }
}

type Running = 'running' | 'open' | 'held' | 'parked' | 'inFlight' | 'failures' | 'ejected'

function nothingRunning(entrypoints: number): Pick<Counters, Running> {
  return {
    running: integers(entrypoints),
    open: integers(entrypoints),
    held: integers(1),
    parked: doubles(1),
    inFlight: integers(mostEndpoints),
    failures: integers(mostEndpoints),
    ejected: doubles(mostEndpoints),
  }
}

/**
 * What checks say of each endpoint, by its place; the same for all workers. The lower four bits are the place in
 * `checkStates`, the upper four that in `roleStates`.
 */
export type CheckMarks = Uint8Array

export const checkOfMark = (mark: number): number => mark & 15
export const roleOfMark = (mark: number): number => mark >> 4
export const markOf = (check: number, role: number): number => check | (role << 4)

export function newCheckMarks(): CheckMarks {
  return new Uint8Array(new SharedArrayBuffer(mostEndpoints))
}

function doubles(length: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT))
}

function integers(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT))
}
