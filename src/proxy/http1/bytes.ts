declare global {
  // Node has them, its types don't: half the price of `toString` and `write` with the name of an encoding
  interface Buffer {
    latin1Slice(start?: number, end?: number): string
    latin1Write(text: string, start: number): number
  }
}

/** Which bytes may stand where; one entry for each byte, 1 for yes. Tables are faster than comparisons. */
type Table = Uint8Array

function tableOf(allowed: (byte: number) => boolean): Table {
  return Uint8Array.from({ length: 256 }, (_, byte) => (allowed(byte) ? 1 : 0))
}

const symbols = new Set(Buffer.from("!#$%&'*+-.^_`|~"))

/** Names of methods and headers (RFC 9110, 5.6.2). */
export const tokenBytes = tableOf((byte) => isDigit(byte) || isLetter(byte) || symbols.has(byte))
/** Values of headers: visible characters, space, tab and what is not ASCII (RFC 9110, 5.5). */
export const valueBytes = tableOf((byte) => byte === 9 || (byte >= 0x20 && byte !== 0x7f))

/** Targets of requests: visible ASCII without what RFC 3986 has no place for and servers read differently. */
export const targetBytes = tableOf(
  (byte) => byte > 0x20 && byte < 0x7f && byte !== 0x23 && byte !== 0x5c,
)

/** Values of hexadecimal digits; 255 for what is none. */
export const hexValues = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = Number.parseInt(String.fromCharCode(byte), 16)
  return Number.isNaN(value) ? 255 : value
})

export const cr = 0x0d
export const lf = 0x0a
export const space = 0x20
export const tab = 0x09

/** The same text in one piece: what is written again and again is not to be joined each time. */
export function flat(text: string): string {
  return Buffer.from(text, 'latin1').latin1Slice()
}

/** The bytes from `start` to `end`. Not in Node's pool, of which a few bytes that somebody keeps would keep 64 KiB. */
export function copyOf(from: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - start)
  from.copy(copy, 0, start, end)
  return copy
}

/** `a`, then `b`; not in Node's pool either. */
export function joined(a: Buffer, b: Buffer): Buffer {
  const both = Buffer.allocUnsafeSlow(a.length + b.length)
  a.copy(both)
  b.copy(both, a.length)
  return both
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x7a
}

/** Whether the bytes from `start` are `name`, which is in lower case, has their length, and stands for a token. */
export function isNamed(bytes: Uint8Array, start: number, name: string): boolean {
  for (let at = 0; at < name.length; at++) {
    if (((bytes[start + at] ?? 0) | 0x20) !== name.charCodeAt(at)) return false
  }
  return true
}
