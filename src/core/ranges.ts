import { BlockList, isIP } from 'node:net'

/** Whether `text` is an address or a range of them: `10.0.0.9`, `10.0.0.0/8`, `fd00::/8`. */
export function isRange(text: string): boolean {
  const [ip = '', bits, ...more] = text.split('/')
  const family = isIP(ip)
  if (family === 0 || more.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= widthOf(family))
}

/** Whether an address is in one of `ranges`, all of which have to be `isRange`. */
export function rangesOf(ranges: readonly string[]): (address: string) => boolean {
  if (ranges.length === 0) return () => false
  const list = new BlockList()
  for (const range of ranges) {
    const [ip = '', bits] = range.split('/')
    const family = isIP(ip)
    list.addSubnet(ip, Number(bits ?? widthOf(family)), family === 6 ? 'ipv6' : 'ipv4')
  }
  return (address) => {
    const plain = plainAddress(address)
    return list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
  }
}

/** An IPv4 address that came in over a dual-stack socket, as IPv4. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

function widthOf(family: number): number {
  return family === 6 ? 128 : 32
}
