import { BlockList, isIP } from 'node:net'

import type { EntrypointKind } from '../listener.ts'

/** What is ourselves: requests must not be sent there. */
export type Own = {
  readonly listeners: readonly {
    readonly entrypoint: string
    /** HTTP unless given. */
    readonly kind?: EntrypointKind
    readonly host: string
    readonly port: number
  }[]
  /** Entrypoints that open with the first certificate. */
  readonly waiting: readonly string[]
  /** Other ports of this process, on any address: the admin server's. */
  readonly ports: readonly number[]
  /** Addresses of this machine or container. */
  readonly addresses: ReadonlySet<string>
  /** Id of the container that we run in. */
  readonly container: string | undefined
}

export const nobody: Own = {
  listeners: [],
  waiting: [],
  ports: [],
  addresses: new Set(),
  container: undefined,
}

const any = new Set(['', '0.0.0.0', '::'])

/** This machine, in each way in which one connects to it. IPv4 in IPv6 is covered. */
const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('0.0.0.0')
loopback.addAddress('::1', 'ipv6')
loopback.addAddress('::', 'ipv6')

/** Whether one of our own listeners answers at `ip`:`port`. */
export function isOwnListener(own: Own, ip: string, port: number): boolean {
  const local = loopback.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4') || own.addresses.has(ip)
  if (local && own.ports.includes(port)) return true
  return own.listeners.some(
    (one) => one.port === port && (any.has(one.host) ? local : one.host === ip),
  )
}
