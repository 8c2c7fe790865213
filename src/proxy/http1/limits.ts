/** How long a client may take, in milliseconds. */
export type ClientTimes = {
  /** For a head, from its first byte. */
  readonly headMs: number
  /** Between two requests, and to take the end of the last answer. */
  readonly idleMs: number
  /** To close, when it has the last answer. */
  readonly lingerMs: number
  /** In each such time it has to send `limits.leastBytes` of a content that is waited for. */
  readonly rateMs: number
}

export const usualTimes: ClientTimes = {
  headMs: 10_000,
  idleMs: 75_000,
  lingerMs: 2000,
  // whoever pipes what is made slowly into a request pauses, and so do mobile networks
  rateMs: 60_000,
}

/** All limits of a message's framing, in bytes unless they say otherwise. */
export const limits = {
  head: 64 * 1024,
  /** Of one header. */
  line: 32 * 1024,
  target: 16 * 1024,
  method: 32,
  /** How many headers. */
  fields: 200,
  /** Of all extensions of all chunks of one body: nobody needs them. */
  extensions: 4 * 1024,
  /** Of all trailers of one body. */
  trailers: 8 * 1024,
  /** Hexadecimal digits of a chunk's size, so that it stays below 2^53. */
  chunkDigits: 13,
  leastBytes: 6000,
} as const
