import { BlockList, isIP } from 'node:net'

import { PortolanError } from '../core/errors.ts'

/** Whether a peer's forwarding headers are believed. */
export type Trust = (address: string) => boolean

/** From addresses and ranges. Throws `bad-config` for what is neither. */
export function trustOf(ranges: readonly string[]): Trust {
  if (ranges.length === 0) return () => false
  const list = new BlockList()
  for (const range of ranges) add(list, range)
  return (address) => {
    const plain = plainAddress(address)
    return list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
  }
}

/** An IPv4 address that came in over a dual-stack socket, as IPv4. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

function add(list: BlockList, range: string): void {
  const [ip = '', bits, ...more] = range.split('/')
  const family = isIP(ip)
  const most = family === 6 ? 128 : 32
  const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : most + 1
  if (family === 0 || length > most || more.length > 0) {
    throw new PortolanError(
      'bad-config',
      `--trust ${JSON.stringify(range)} is neither an address nor a range; write one such as 10.0.0.0/8`,
    )
  }
  list.addSubnet(ip, length, family === 6 ? 'ipv6' : 'ipv4')
}
