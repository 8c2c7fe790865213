import { coding } from '../http1/fields.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { type Answer, badRequest } from './answers.ts'

/** What stands against `head` whatever it asks for: RFC 9112, 3.2 (Host) and 6 (framing), and what is not served. */
export function refusal(head: RequestHead, bytes: Buffer, method: string): Answer | undefined {
  if (method === 'TRACE' || method === 'CONNECT') return badRequest(405, `method ${method}`)
  if (head.hosts !== 1) return badRequest(400, 'there must be exactly one Host header')
  if (head.coding !== coding.none) {
    if (head.contentLength >= 0) return badRequest(400, 'Content-Length and Transfer-Encoding')
    if (head.minor === 0) return badRequest(400, 'Transfer-Encoding in HTTP/1.0')
    if (head.coding === coding.malformed) return badRequest(400, 'a bad Transfer-Encoding')
    if (head.coding === coding.unknown) return badRequest(501, 'an unknown Transfer-Encoding')
  }
  if (head.expect >= 0 && head.value(bytes, head.expect).toLowerCase() !== '100-continue') {
    return badRequest(417, 'an unknown expectation')
  }
  return undefined
}

/**
 * Path and query of a target that does not begin with a slash: `*` for OPTIONS, or a whole URL whose authority is the
 * Host (RFC 9112, 3.2.2 and 3.2.4). Otherwise what is wrong with it.
 */
export function unusualTarget(
  target: string,
  hostText: string,
  method: string,
): { readonly target: string } | string {
  if (target === '*') return method === 'OPTIONS' ? { target } : 'target * is for OPTIONS'
  const [, authority, rest = ''] = /^https?:\/\/([^/?]*)(.*)$/i.exec(target) ?? []
  if (authority === undefined) return 'the request target is malformed'
  if (authority.toLowerCase() !== hostText.toLowerCase()) return 'target and Host differ'
  return { target: rest.startsWith('/') ? rest : `/${rest}` }
}
