import type { IncomingMessage } from 'node:http'

import { normalHost } from '../core/rule/host.ts'
import { normalPath } from './paths.ts'

/** A request that says clearly what it wants. */
export type Admitted = {
  readonly ok: true
  readonly host: string
  readonly path: string
  /** With the question mark, or empty. */
  readonly query: string
  readonly hasBody: boolean
}

export type Admission =
  | Admitted
  | { readonly ok: false; readonly status: number; readonly why: string }

const maxHeaders = 200
/** Visible ASCII without what RFC 3986 has no place for in a target and servers read differently. */
const target = /^[!"$-[\]^_`a-z{|}~]*$/

/**
 * Refuses what two servers could read in two ways, on top of Node's strict parser: RFC 9112, 3.2 (Host, target) and
 * 6 (framing).
 */
export function admit(request: IncomingMessage): Admission {
  const { method = '', headers, rawHeaders, httpVersion } = request
  const count = (name: string) =>
    rawHeaders.filter((one, at) => at % 2 === 0 && same(one, name)).length
  if (rawHeaders.length > 2 * maxHeaders) return refused(431, `more than ${maxHeaders} headers`)
  if (!/^1\.[01]$/.test(httpVersion)) return refused(505, `HTTP/${httpVersion}`)
  if (method === 'TRACE' || method === 'CONNECT') return refused(405, `method ${method}`)
  if (count('host') !== 1) return refused(400, 'there must be exactly one Host header')
  const framing = badFraming(request, count)
  if (framing) return framing
  const wanted = targetOf(request.url ?? '', headers.host ?? '', method)
  if (typeof wanted === 'string') return refused(400, wanted)
  const hasBody =
    headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  return { ok: true, ...wanted, hasBody }
}

function badFraming(
  { headers, httpVersion }: IncomingMessage,
  count: (name: string) => number,
): Admission | undefined {
  const coding = headers['transfer-encoding']
  const length = headers['content-length']
  if (coding !== undefined) {
    if (length !== undefined) return refused(400, 'Content-Length and Transfer-Encoding')
    if (httpVersion === '1.0') return refused(400, 'Transfer-Encoding in HTTP/1.0')
    if (count('transfer-encoding') > 1) return refused(400, 'two Transfer-Encoding headers')
    if (!same(coding, 'chunked')) return refused(501, 'a Transfer-Encoding other than chunked')
  }
  if (length === undefined) return undefined
  if (count('content-length') > 1) return refused(400, 'two Content-Length headers')
  return /^(0|[1-9]\d{0,14})$/.test(length) ? undefined : refused(400, 'a bad Content-Length')
}

function targetOf(
  url: string,
  hostHeader: string,
  method: string,
): string | { readonly host: string; readonly path: string; readonly query: string } {
  const host = normalHost(hostHeader)
  if (host === undefined) return 'the Host header is no host name'
  if (url === '*')
    return method === 'OPTIONS' ? { host, path: '*', query: '' } : 'target * is for OPTIONS'
  const [, authority, rest = ''] = /^(?:https?:\/\/([^/?]*))?(.*)$/is.exec(url) ?? []
  if (authority !== undefined && !same(authority, hostHeader)) return 'target and Host differ'
  const form = rest.startsWith('/') || authority === undefined ? rest : `/${rest}`
  if (!form.startsWith('/') || !target.test(form)) return 'the request target is malformed'
  const mark = form.indexOf('?')
  const path = mark < 0 ? form : form.slice(0, mark)
  return { host, path: normalPath(path), query: mark < 0 ? '' : form.slice(mark) }
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

function refused(status: number, why: string): Admission {
  return { ok: false, status, why }
}
