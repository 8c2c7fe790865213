import type { IncomingHttpHeaders, IncomingHttpStatusHeader, OutgoingHttpHeaders } from 'node:http2'

import type { Framing, Head } from './message-reader.ts'
import { isOfOneConnection } from './one-connection.ts'

/** A request for an endpoint of HTTP/2, of one that was written for HTTP/1.1. */
export type EndpointHead = {
  readonly headers: OutgoingHttpHeaders
  readonly framing: Framing
  readonly isHead: boolean
}

export function endpointHead({ line, headers: raw }: Head): EndpointHead {
  const [method = '', path = ''] = line.split(' ')
  // an object would have a `constructor` before there is one
  const headers = new Map<string, string | string[]>()
  let authority = ''
  let framing: Framing = 'none'
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = '', value = ''] = [raw[at], raw[at + 1]]
    if (name === 'host') authority = value
    if (name === 'transfer-encoding') framing = 'chunked'
    if (name === 'content-length') framing = { length: Number(value) }
    // the host is said by what begins with a colon
    if (name === 'host' || isOfOneConnection(name)) continue
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : [before, value].flat())
  }
  return {
    headers: {
      ':method': method,
      ':path': path,
      ':scheme': 'http',
      ':authority': authority,
      ...Object.fromEntries(headers),
      // servers of gRPC ask for it
      te: 'trailers',
    },
    framing,
    isHead: method === 'HEAD',
  }
}

/** The head of an endpoint's answer as text of HTTP/1.1, and whether its content goes in chunks. */
export function answerText(
  { ':status': status = 502, ...headers }: IncomingHttpHeaders & IncomingHttpStatusHeader,
  isHead: boolean,
): { readonly text: string; readonly isChunked: boolean } {
  const isEmpty = isHead || status < 200 || status === 204 || status === 304
  const isChunked = !isEmpty && headers['content-length'] === undefined
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => `${name}: ${one}\r\n`),
  )
  const framing = isChunked ? 'transfer-encoding: chunked\r\n' : ''
  const end = status < 200 ? '' : 'connection: close\r\n'
  return { text: `HTTP/1.1 ${status} \r\n${lines.join('')}${framing}${end}\r\n`, isChunked }
}
