import { isIPv4, isIPv6 } from 'node:net'

/** Who asked, and how, by the words of a proxy before us: the addresses behind one another, and the first one's way. */
export type Way = {
  /** Values of X-Forwarded-For. */
  readonly addresses: string | undefined
  readonly host: string | undefined
  readonly proto: string | undefined
}

export const noWay: Way = { addresses: undefined, host: undefined, proto: undefined }

/** Nobody means more than that. */
const mostCharacters = 2000
const elements = /(?:"(?:[^"\\]|\\.)*"|[^,"])+/g
const pairs = /(?:"(?:[^"\\]|\\.)*"|[^;"])+/g
const pair = /^\s*(for|host|proto)=(?:"(.*)"|([^"]*?))\s*$/i
const authority = /^[\w.:[\]-]+$/
const scheme = /^[a-z][a-z\d+.-]*$/i
const withPort = /^\d+(?:\.\d+){3}:\d+$/

/** What X-Forwarded-* say as a value of Forwarded (RFC 7239, 7.4): who reads that should not read another thing there. */
export function asForwarded({ addresses, host, proto }: Way): string | undefined {
  if (addresses === undefined && host === undefined && proto === undefined) return undefined
  const [first, ...others] = listOf(addresses).map((address) => `for=${nodeOf(address)}`)
  const [name = '', how = ''] = [listOf(host)[0], listOf(proto)[0]]
  const way = [
    first,
    authority.test(name) ? `host="${name}"` : undefined,
    scheme.test(how) ? `proto=${how}` : undefined,
  ].filter((part) => part !== undefined)
  return way.length > 0 ? [way.join(';'), ...others].join(', ') : undefined
}

/** The other way round. */
export function wayOf(forwarded: string | undefined): Way {
  if (forwarded === undefined || forwarded.length > mostCharacters) return noWay
  const hops = (forwarded.match(elements) ?? []).map(hopOf)
  const addresses = hops.flatMap((hop) => addressOf(hop.get('for') ?? ''))
  const [host = '', proto = ''] = [hops[0]?.get('host'), hops[0]?.get('proto')]
  return {
    addresses: addresses.length > 0 ? addresses.join(', ') : undefined,
    host: authority.test(host) ? host : undefined,
    proto: scheme.test(proto) ? proto.toLowerCase() : undefined,
  }
}

function hopOf(element: string): ReadonlyMap<string, string> {
  const found = (element.match(pairs) ?? []).map((text) => pair.exec(text))
  return new Map(
    found.flatMap((one) => (one ? [[(one[1] ?? '').toLowerCase(), one[2] ?? one[3] ?? '']] : [])),
  )
}

function listOf(values: string | undefined): readonly string[] {
  return values === undefined ? [] : values.split(',').map((value) => value.trim())
}

/** RFC 7239, 6. */
function nodeOf(address: string): string {
  const bare = address.replace(/^\[(.*)\]$/, '$1')
  if (isIPv4(bare)) return bare
  if (isIPv6(bare)) return `"[${bare}]"`
  return withPort.test(address) ? `"${address}"` : 'unknown'
}

/** Without the port, which X-Forwarded-For does not have; none of what is no address. */
function addressOf(node: string): readonly string[] {
  const bare = node.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1')
  return isIPv4(bare) || isIPv6(bare) ? [bare] : []
}
