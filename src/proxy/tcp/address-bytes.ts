import { isIPv4 } from 'node:net'

import { groupsOf } from '../../core/ipv6.ts'

/** An address of 4 or 16 bytes as text: RFC 5952 for IPv6, IPv4 in IPv6 as IPv4. */
export function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.readUIntBE(0, 6) === 0 && bytes.readUIntBE(6, 6) === 0xffff) {
    return bytes.subarray(12).join('.')
  }
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at).toString(16))
  return shortest(groups.join(':'))
}

/** The 4 bytes of an IPv4 address, or the 16 of an IPv6 one; IPv4 as IPv6 if `width` asks for that. */
export function addressBytes(ip: string, width: 4 | 16): Buffer {
  if (width === 4) return Buffer.from(ip.split('.').map(Number))
  const bytes = Buffer.alloc(16)
  const groups = groupsOf(isIPv4(ip) ? `::ffff:${ip}` : ip)
  for (const [at, group] of groups.entries()) bytes.writeUInt16BE(group, 2 * at)
  return bytes
}

/** The URL standard writes addresses in one form, without dots. */
function shortest(ip: string): string {
  return new URL(`http://[${ip}]`).hostname.slice(1, -1)
}
