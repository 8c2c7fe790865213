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
} as const
