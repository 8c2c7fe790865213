import { isIPv4 } from 'node:net'

import { addressBytes } from './address-bytes.ts'
import type { Ends } from './proxy-header.ts'
import { inet, inet6, second } from './proxy-words.ts'

const local = 0x20
const proxied = 0x21

/** Version of the PROXY protocol. */
export type ProxyVersion = 1 | 2

/** What an endpoint hears of a connection that is made for nobody but ourselves. */
export function ownAnnouncement(version: ProxyVersion): Buffer {
  if (version === 1) return Buffer.from('PROXY UNKNOWN\r\n', 'latin1')
  return Buffer.concat([second, Buffer.from([local, 0, 0, 0])])
}

/** The header of the PROXY protocol that says `ends` to an endpoint. Families that differ are both said as IPv6. */
export function proxyAnnouncement(version: ProxyVersion, { source, destination }: Ends): Buffer {
  const width = isIPv4(source.ip) && isIPv4(destination.ip) ? 4 : 16
  if (version === 1) {
    const text = (ip: string) => (width === 16 && isIPv4(ip) ? `::ffff:${ip}` : bare(ip))
    const ips = `${text(source.ip)} ${text(destination.ip)}`
    const family = width === 4 ? 'TCP4' : 'TCP6'
    return Buffer.from(`PROXY ${family} ${ips} ${source.port} ${destination.port}\r\n`, 'latin1')
  }
  const tail = Buffer.alloc(4)
  tail.writeUInt16BE(source.port, 0)
  tail.writeUInt16BE(destination.port, 2)
  const head = Buffer.from([proxied, width === 4 ? inet : inet6, 0, 2 * width + tail.length])
  const ips = [addressBytes(source.ip, width), addressBytes(destination.ip, width)]
  return Buffer.concat([second, head, ...ips, tail])
}

/** Without the zone of a link-local address, which means nothing elsewhere. */
function bare(ip: string): string {
  return ip.replace(/%.*$/, '')
}
