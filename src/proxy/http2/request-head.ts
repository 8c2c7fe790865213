import { randomBytes } from 'node:crypto'
import { constants } from 'node:http2'

/** The head of a request of HTTP/2, as text of HTTP/1.1. */
export type RequestText = {
  readonly text: string
  /** Its content has no length: it goes in chunks. */
  readonly isChunked: boolean
  /** It asks for a WebSocket (RFC 8441): what follows has no framing, in both directions. */
  readonly isTunnel: boolean
}

const { HTTP2_HEADER_AUTHORITY, HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH } = constants
const token = /^[!#$%&'*+.^_`|~\w-]+$/
const visible = /^[!-~]+$/
const mostFields = 200
const webSocketKey = 'sec-websocket-key'

/**
 * Of the raw headers that Node gives, name, value, name, value: HTTP/2's library has refused bad names and values,
 * connection-specific headers, and pseudo-headers that are missing, unknown or out of place (RFC 9113, 8.2 and 8.3).
 * What two servers could still read in two ways is refused here. `endsHere`: no content follows.
 */
export function requestText(raw: readonly string[], endsHere: boolean): RequestText | number {
  let [method, path, authority, host, protocol]: (string | undefined)[] = []
  let fields = ''
  let hasLength = false
  const cookies: string[] = []
  if (raw.length > 2 * mostFields) return 431
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = '', value = ''] = [raw[at], raw[at + 1]]
    if (name === HTTP2_HEADER_METHOD) method = value
    else if (name === HTTP2_HEADER_PATH) path = value
    else if (name === HTTP2_HEADER_AUTHORITY) authority = value
    else if (name === ':protocol') protocol = value
    else if (name.startsWith(':')) continue
    else if (name === 'host') {
      if (host !== undefined) return 400
      host = value
    } else if (name === 'cookie') cookies.push(value)
    // of this connection; its only value says that trailers would be taken
    else if (name === 'te') continue
    // there is none in HTTP/2
    else if (protocol !== undefined && name === webSocketKey) continue
    else {
      if (name === 'content-length') hasLength = true
      fields += `${name}: ${value}\r\n`
    }
  }
  const where = authority ?? host
  if (method === undefined || !token.test(method)) return 400
  // a tunnel to somewhere else, which has no path, is served by nobody here
  if (method === 'CONNECT' && protocol === undefined) return 405
  if (path === undefined || !visible.test(path) || where === undefined) return 400
  if (host !== undefined && host.toLowerCase() !== where.toLowerCase()) return 400
  const isTunnel = method === 'CONNECT' && protocol !== undefined
  const wrong = isTunnel ? tunnelProblem(protocol, endsHere || hasLength) : undefined
  if (wrong !== undefined) return wrong
  const isChunked = !endsHere && !hasLength && !isTunnel
  const crumbs = cookies.length > 0 ? `cookie: ${cookies.join('; ')}\r\n` : ''
  const framing = isChunked ? 'transfer-encoding: chunked\r\n' : ''
  const more = isTunnel ? upgradeText() : framing
  const verb = isTunnel ? 'GET' : method
  return {
    text: `${verb} ${path} HTTP/1.1\r\nhost: ${where}\r\n${fields}${crumbs}${more}\r\n`,
    isChunked,
    isTunnel,
  }
}

/** RFC 9220, 3: a protocol that is not known is 501. */
function tunnelProblem(protocol: string | undefined, isFramed: boolean): number | undefined {
  if (protocol !== 'websocket') return 501
  return isFramed ? 400 : undefined
}

/** What HTTP/1.1 says besides (RFC 6455, 4.1). Nobody looks at the answer to the key. */
function upgradeText(): string {
  const key = randomBytes(16).toString('base64')
  return `connection: Upgrade\r\nupgrade: websocket\r\n${webSocketKey}: ${key}\r\n`
}
