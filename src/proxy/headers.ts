import type { IncomingHttpHeaders } from 'node:http'
import { isIPv6 } from 'node:net'

/** Headers as node:http takes them. */
export type Headers = Record<string, string | string[]>

/** For this connection only (RFC 9110, 7.6.1), or for proxies; never passed on. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
/** Not even a Connection header takes these away: they say where a message goes and where it ends. */
const kept = new Set(['host', 'content-length'])
const forwarding = /^(x-forwarded-.*|x-real-ip|forwarded|x-request-id)$/

/** What is known of a request besides its headers. */
export type Origin = {
  readonly peer: string
  readonly trusted: boolean
  readonly proto: 'http' | 'https'
  /** Our port that it came in on. */
  readonly port: number
  /** What we are called in Via. */
  readonly via: string
  /** An id for the request if it has none that can be trusted. */
  readonly requestId: () => string
  /** Path prefix that was taken off, or empty. */
  readonly prefix: string
}

/** The headers for the endpoint. What a client says about who it is and came from counts only if it is trusted. */
export function requestHeaders(from: IncomingHttpHeaders, origin: Origin): Headers {
  const { peer, trusted, proto, port, prefix } = origin
  const host = from.host ?? ''
  const headers = endToEnd(from, (name) => !trusted && forwarding.test(name.replaceAll('_', '-')))
  delete headers['expect']
  const append = (name: string, value: string) => {
    headers[name] = headers[name] === undefined ? value : `${String(headers[name])}, ${value}`
  }
  append('x-forwarded-for', peer)
  append('forwarded', forwardedOf(peer, host, proto))
  append('via', `1.1 ${origin.via}`)
  headers['x-forwarded-host'] ??= host
  headers['x-forwarded-proto'] ??= proto
  headers['x-forwarded-port'] ??= /:(\d+)$/.exec(host)?.[1] ?? String(port)
  headers['x-real-ip'] ??= peer
  headers['x-request-id'] ??= origin.requestId()
  if (prefix !== '') headers['x-forwarded-prefix'] = prefix
  return headers
}

/** The headers for the client. */
export function responseHeaders(from: IncomingHttpHeaders): Headers {
  const headers = endToEnd(from, () => false)
  headers['via'] =
    headers['via'] === undefined ? '1.1 portolan' : `${String(headers['via'])}, 1.1 portolan`
  return headers
}

/** Whether the request went through us before. */
export function hasPassed(headers: IncomingHttpHeaders, via: string): boolean {
  return headers.via?.split(',').some((hop) => hop.trim().split(/\s+/)[1] === via) ?? false
}

/** All but the headers of one hop, among them those that Connection names, and those to `drop`. */
function endToEnd(from: IncomingHttpHeaders, drop: (name: string) => boolean): Headers {
  const named = new Set(from.connection?.split(',').map((name) => name.trim().toLowerCase()))
  const headers: Headers = {}
  for (const [name, value] of Object.entries(from)) {
    const goes = hopByHop.has(name) || (named.has(name) && !kept.has(name)) || drop(name)
    if (value !== undefined && !goes) headers[name] = value
  }
  return headers
}

/** RFC 7239. */
function forwardedOf(peer: string, host: string, proto: string): string {
  const node = isIPv6(peer) ? `"[${peer}]"` : peer
  return `for=${node};host="${host.replaceAll('"', '')}";proto=${proto}`
}
