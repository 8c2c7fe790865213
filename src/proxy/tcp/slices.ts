/** Undefined: the bytes end before it does. */
export type Slice = Buffer | undefined

/** Reads numbers and vectors in network order, each only if it is there whole. */
export type BytesReader = {
  isEmpty(): boolean
  pass(count: number): boolean
  number8(): number | undefined
  number16(): number | undefined
  /** What follows its own length of one byte. */
  vector8(): Slice
  /** Of two bytes. */
  vector16(): Slice
}

export function bytesReader(bytes: Buffer): BytesReader {
  let at = 0
  const take = (count: number): Slice => {
    if (bytes.length - at < count) return undefined
    at += count
    return bytes.subarray(at - count, at)
  }
  const vector = (length: number | undefined) => (length === undefined ? undefined : take(length))
  const number8 = () => take(1)?.readUInt8(0)
  const number16 = () => take(2)?.readUInt16BE(0)

  return {
    isEmpty: () => at === bytes.length,
    pass: (count) => take(count) !== undefined,
    number8,
    number16,
    vector8: () => vector(number8()),
    vector16: () => vector(number16()),
  }
}
