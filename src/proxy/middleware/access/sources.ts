import { networkOf, subscriberBits } from '../../../core/ipv6.ts'
import { plainAddress, isRange, rangesOf } from '../../../core/ranges.ts'
import type { RequestDraft } from '../draft.ts'
import { recent } from '../recent.ts'

/** What requests are told apart by. */
export type SourceOptions =
  | {
      readonly ipDepth?: number | undefined
      readonly ipExclude?: readonly string[] | undefined
      readonly ipv6Subnet?: number | undefined
      readonly header?: string | undefined
      readonly host?: boolean | undefined
    }
  | undefined

/** Undefined: the request doesn't say. */
export type SourceReader = (request: RequestDraft) => string | undefined

/** Of the IPv6 addresses that came last; so many have their network known. */
const mostNetworks = 1000

/** By header or host if that is asked for, else by address; of IPv6 by what one subscriber has, if nothing is said. */
export function sourceReader(options: SourceOptions): SourceReader {
  const { header, host } = options ?? {}
  if (header !== undefined && header !== '') return ({ headers }) => headers.get(header)
  if (host === true) return (request) => request.host
  return addressReader({ ...options, ipv6Subnet: options?.ipv6Subnet ?? subscriberBits })
}

/**
 * The client's address: the peer's; or of X-Forwarded-For, which is there only if the peer is trusted, the `ipDepth`-th
 * from the right, or the rightmost that isn't in `ipExclude`. With `ipv6Subnet` the first address of its network.
 */
export function addressReader(options: SourceOptions): SourceReader {
  const wholeOf = wholeAddressReader(options)
  const bits = options?.ipv6Subnet
  if (bits === undefined) return wholeOf
  const known = recent<string, string>(mostNetworks)
  return (request) => {
    const address = wholeOf(request)
    if (!address?.includes(':')) return address
    const before = known.get(address)
    if (before !== undefined) return before
    const network = networkOf(address, bits)
    known.set(address, network)
    return network
  }
}

function wholeAddressReader(options: SourceOptions): SourceReader {
  const { ipDepth: depth = 0, ipExclude: excluded = [] } = options ?? {}
  if (depth > 0) return (request) => forwardedFor(request).at(-depth)
  if (excluded.length === 0) return ({ ip }) => plainAddress(ip)
  const isExcluded = rangesOf(excluded)
  return (request) => forwardedFor(request).findLast((ip) => !isExcluded(ip))
}

/** What is wrong with the options, if anything. */
export function sourceProblem(options: SourceOptions): string | undefined {
  return rangesProblem(options?.ipExclude ?? [])
}

export function rangesProblem(ranges: readonly string[]): string | undefined {
  const bad = ranges.find((range) => !isRange(range))
  return bad === undefined ? undefined : `${JSON.stringify(bad)} is no address and no range`
}

function forwardedFor({ headers }: RequestDraft): string[] {
  const all = headers.get('x-forwarded-for')?.split(',') ?? []
  return all.map((one) => plainAddress(withoutPort(one.trim()))).filter((one) => one !== '')
}

/** Some proxies, Azure's among them, write the port of the client as well; IPv6 then stands in brackets. */
function withoutPort(text: string): string {
  const [, ip] = /^\[([^\]]+)\](?::\d+)?$/.exec(text) ?? []
  return ip ?? text.replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1')
}
