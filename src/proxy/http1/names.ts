import { isNamed } from './bytes.ts'

/** Headers that mean something to a proxy; all others go through as they are. */
export const field = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  upgrade: 5,
  expect: 6,
  via: 7,
  /** For this connection only (RFC 9110, 7.6.1), or for proxies, or named by Connection. */
  hop: 8,
  forwardedFor: 9,
  forwarded: 10,
  forwardedHost: 11,
  forwardedProto: 12,
  forwardedPort: 13,
  realIp: 14,
  requestId: 15,
  /** Other names that say where a request came from, and spellings that some servers take for them. */
  forwardedOther: 16,
  contentType: 17,
  date: 18,
} as const

/** What the header with a name from `start` to `end`, which is a token, is to us: a value of `field`. */
export function fieldOf(bytes: Uint8Array, start: number, end: number): number {
  const first = (bytes[start] ?? 0) | 0x20
  // the first byte tells nearly all of those that come in masses and mean nothing to us
  switch (first) {
    case 0x63: // c
      return c(bytes, start, end - start)
    case 0x64: // d
      return end - start === 4 && isNamed(bytes, start, 'date') ? field.date : field.other
    case 0x65: // e
      return end - start === 6 && isNamed(bytes, start, 'expect') ? field.expect : field.other
    case 0x66: // f
      return end - start === 9 && isNamed(bytes, start, 'forwarded') ? field.forwarded : field.other
    case 0x68: // h
      return end - start === 4 && isNamed(bytes, start, 'host') ? field.host : field.other
    case 0x6b: // k
      return end - start === 10 && isNamed(bytes, start, 'keep-alive') ? field.hop : field.other
    case 0x70: // p
      return isForProxies(bytes, start, end - start) ? field.hop : field.other
    case 0x74: // t
      return t(bytes, start, end - start)
    case 0x75: // u
      return end - start === 7 && isNamed(bytes, start, 'upgrade') ? field.upgrade : field.other
    case 0x76: // v
      return end - start === 3 && isNamed(bytes, start, 'via') ? field.via : field.other
    case 0x78: // x
      return end - start >= 9 ? x(bytes, start, end) : field.other
    default:
      return field.other
  }
}

function c(bytes: Uint8Array, start: number, length: number): number {
  if (length === 14 && isNamed(bytes, start, 'content-length')) return field.contentLength
  if (length === 12 && isNamed(bytes, start, 'content-type')) return field.contentType
  if (length === 10 && isNamed(bytes, start, 'connection')) return field.connection
  return field.other
}

function t(bytes: Uint8Array, start: number, length: number): number {
  if (length === 17 && isNamed(bytes, start, 'transfer-encoding')) return field.transferEncoding
  if (length === 2 && isNamed(bytes, start, 'te')) return field.hop
  if (length === 7 && isNamed(bytes, start, 'trailer')) return field.hop
  return field.other
}

function isForProxies(bytes: Uint8Array, start: number, length: number): boolean {
  if (length === 16) return isNamed(bytes, start, 'proxy-connection')
  if (length === 18) return isNamed(bytes, start, 'proxy-authenticate')
  return length === 19 && isNamed(bytes, start, 'proxy-authorization')
}

/** Headers that say where a request came from: a stranger's are dropped, and no Connection header takes them away. */
export const ofOrigin: readonly number[] = [
  field.forwardedFor,
  field.forwarded,
  field.forwardedHost,
  field.forwardedProto,
  field.forwardedPort,
  field.realIp,
  field.requestId,
  field.forwardedOther,
]

const origins: Readonly<Record<string, number>> = {
  'x-forwarded-for': field.forwardedFor,
  'x-forwarded-host': field.forwardedHost,
  'x-forwarded-proto': field.forwardedProto,
  'x-forwarded-port': field.forwardedPort,
  'x-real-ip': field.realIp,
  'x-request-id': field.requestId,
}

/** With `_` for `-` they are read as the same by whatever turns headers into variables (CGI). */
function x(bytes: Uint8Array, start: number, end: number): number {
  const third = (bytes[start + 2] ?? 0) | 0x20
  if (third !== 0x66 && third !== 0x72) return field.other
  const name = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
    .latin1Slice()
    .toLowerCase()
  const known = origins[name]
  if (known !== undefined) return known
  const dashed = name.replaceAll('_', '-')
  return dashed.startsWith('x-forwarded-') || origins[dashed] !== undefined
    ? field.forwardedOther
    : field.other
}
