import { isIPv6 } from 'node:net'

/** What one subscriber has at the least: whoever has one address of a /64 has all of them (RFC 4291, 2.5.4; RFC 6177). */
export const subscriberBits = 64

/**
 * The network of `bits` bits that an IPv6 address is in, by its first address and always in the same words; IPv4 in
 * IPv6 as IPv4, and anything else as it is.
 */
export function networkOf(address: string, bits: number): string {
  if (!address.includes(':') || !isIPv6(address)) return address
  const groups = groupsOf(address)
  if (isMapped(groups)) return groups.slice(6).flatMap(bytesOf).join('.')
  return groups.map((group, at) => (group & maskOf(bits - 16 * at)).toString(16)).join(':')
}

/** The eight groups of an IPv6 address, without its zone. */
export function groupsOf(address: string): number[] {
  const [left = '', right] = address.replace(/%.*$/, '').split('::')
  const [before, after] = [groupsIn(left), groupsIn(right ?? '')]
  const gap = right === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array.from({ length: gap }, () => 0), ...after]
}

/** The last two may be written as IPv4 (RFC 4291, 2.2). */
function groupsIn(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    const [a = 0, b = 0, c, d = 0] = group.includes('.') ? group.split('.').map(Number) : []
    return c === undefined ? Number.parseInt(group, 16) : [a * 256 + b, c * 256 + d]
  })
}

/** Whether it stands for an IPv4 address (RFC 4291, 2.5.5.2). */
function isMapped(groups: readonly number[]): boolean {
  return groups.every((group, at) => at > 5 || group === (at === 5 ? 0xffff : 0))
}

function bytesOf(group: number): number[] {
  return [group >> 8, group & 0xff]
}

/** The first `bits` of a group; all of them if there are more, none if there are less. */
function maskOf(bits: number): number {
  return 0xffff & (0xffff << (16 - Math.min(16, Math.max(0, bits))))
}
