import { constants } from 'node:http2'

/** The head of a request of HTTP/2, as text of HTTP/1.1. */
export type RequestText = {
  readonly text: string
  /** Its content has no length: it goes in chunks. */
  readonly isChunked: boolean
}

const { HTTP2_HEADER_AUTHORITY, HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH } = constants
const token = /^[!#$%&'*+.^_`|~\w-]+$/
const visible = /^[!-~]+$/
const mostFields = 200

/**
 * Of the raw headers that Node gives, name, value, name, value: HTTP/2's library has refused bad names and values,
 * connection-specific headers, and pseudo-headers that are missing, unknown or out of place (RFC 9113, 8.2 and 8.3).
 * What two servers could still read in two ways is refused here. `endsHere`: no content follows.
 */
export function requestText(raw: readonly string[], endsHere: boolean): RequestText | number {
  let [method, path, authority, host]: (string | undefined)[] = []
  let fields = ''
  let hasLength = false
  const cookies: string[] = []
  if (raw.length > 2 * mostFields) return 431
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = '', value = ''] = [raw[at], raw[at + 1]]
    if (name === HTTP2_HEADER_METHOD) method = value
    else if (name === HTTP2_HEADER_PATH) path = value
    else if (name === HTTP2_HEADER_AUTHORITY) authority = value
    else if (name.startsWith(':')) continue
    else if (name === 'host') {
      if (host !== undefined) return 400
      host = value
    } else if (name === 'cookie') cookies.push(value)
    // of this connection; its only value says that trailers would be taken
    else if (name === 'te') continue
    else {
      if (name === 'content-length') hasLength = true
      fields += `${name}: ${value}\r\n`
    }
  }
  const where = authority ?? host
  if (method === undefined || !token.test(method)) return 400
  if (path === undefined || !visible.test(path) || where === undefined) return 400
  if (host !== undefined && host.toLowerCase() !== where.toLowerCase()) return 400
  if (method === 'CONNECT') return 405
  const isChunked = !endsHere && !hasLength
  const crumbs = cookies.length > 0 ? `cookie: ${cookies.join('; ')}\r\n` : ''
  const framing = isChunked ? 'transfer-encoding: chunked\r\n' : ''
  return {
    text: `${method} ${path} HTTP/1.1\r\nhost: ${where}\r\n${fields}${crumbs}${framing}\r\n`,
    isChunked,
  }
}
