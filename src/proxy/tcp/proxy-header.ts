import { isIPv4, isIPv6 } from 'node:net'

import { plainAddress } from '../../core/ranges.ts'
import { addressText } from './address-bytes.ts'
import { inet, inet6, second } from './proxy-words.ts'

export type Place = { readonly ip: string; readonly port: number }

/** Who connects to whom, as the one before us says. */
export type Ends = { readonly source: Place; readonly destination: Place }

/**
 * What the first bytes of a connection say by the PROXY protocol (haproxy.org, proxy-protocol.txt). `none`: it is not
 * spoken. `ends` undefined: the one before us connects for itself (LOCAL, UNKNOWN), or for somebody without an address.
 */
export type ProxyHeader =
  | { readonly kind: 'more' }
  | { readonly kind: 'none' }
  | { readonly kind: 'bad'; readonly why: string }
  | { readonly kind: 'header'; readonly length: number; readonly ends: Ends | undefined }

const first = Buffer.from('PROXY ')
/** Of a line of version 1, with its end. */
const longestLine = 107
const headOfSecond = 16
/** Addresses and TLVs of version 2; senders write some hundred bytes. */
const mostInSecond = 4096

const more: ProxyHeader = { kind: 'more' }

/** Pure. `bytes` is all that has come so far; at most 4112 bytes decide. */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (begins(bytes, second)) return bytes.length < second.length ? more : readSecond(bytes)
  if (begins(bytes, first)) return bytes.length < first.length ? more : readFirst(bytes)
  return { kind: 'none' }
}

/** Whether `bytes` is `signature`, as far as both go. */
function begins(bytes: Buffer, signature: Buffer): boolean {
  const length = Math.min(bytes.length, signature.length)
  return bytes.compare(signature, 0, length, 0, length) === 0
}

function readFirst(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, longestLine).indexOf('\n')
  if (end < 0) return bytes.length < longestLine ? more : bad('the line is too long')
  const line = bytes.toString('latin1', 0, end + 1)
  const length = end + 1
  if (/^PROXY UNKNOWN( [^\r\n]*)?\r\n$/.test(line))
    return { kind: 'header', length, ends: undefined }
  const [, family = '', from = '', to = '', fromPort = '', toPort = ''] =
    /^PROXY TCP([46]) ([\da-fA-F.:]+) ([\da-fA-F.:]+) (\d{1,5}) (\d{1,5})\r\n$/.exec(line) ?? []
  const isIp = family === '4' ? isIPv4 : isIPv6
  if (!isIp(from) || !isIp(to) || !isPort(fromPort) || !isPort(toPort)) {
    return bad('the line can not be read')
  }
  const source = { ip: plainAddress(from), port: Number(fromPort) }
  const destination = { ip: plainAddress(to), port: Number(toPort) }
  return { kind: 'header', length, ends: { source, destination } }
}

function isPort(digits: string): boolean {
  return Number(digits) <= 65_535 && (digits === '0' || !digits.startsWith('0'))
}

function readSecond(bytes: Buffer): ProxyHeader {
  const [version = 0, family = 0] = bytes.subarray(12, 14)
  if (bytes.length > 12 && version !== 0x20 && version !== 0x21) {
    return bad('an unknown version or command')
  }
  if (bytes.length < headOfSecond) return more
  const size = bytes.readUInt16BE(14)
  if (size > mostInSecond) return bad('the header is too long')
  const length = headOfSecond + size
  if (bytes.length < length) return more
  const isLocal = version === 0x20
  const width = isLocal ? 0 : family === inet ? 4 : family === inet6 ? 16 : 0
  const content = bytes.subarray(headOfSecond, length)
  if (width === 0) return { kind: 'header', length, ends: undefined }
  const addresses = 2 * width + 4
  if (size < addresses) return bad('the addresses are cut off')
  if (!areWhole(content.subarray(addresses))) return bad('a TLV of a wrong length')
  const place = (at: number): Place => ({
    ip: addressText(content.subarray(at * width, (at + 1) * width)),
    port: content.readUInt16BE(2 * width + 2 * at),
  })
  return { kind: 'header', length, ends: { source: place(0), destination: place(1) } }
}

/** Each a type, a length of two bytes, and so many bytes. What they say is of no interest here. */
function areWhole(tlvs: Buffer): boolean {
  let at = 0
  while (at < tlvs.length) {
    if (tlvs.length - at < 3) return false
    at += 3 + tlvs.readUInt16BE(at + 1)
  }
  return at === tlvs.length
}

function bad(why: string): ProxyHeader {
  return { kind: 'bad', why }
}
