import type { HeaderLines } from '../header-lines.ts'

const ofOneHop = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Whether a header is about one message on one connection: another message can't have it. */
export function isOfOneHop(name: string): boolean {
  return ofOneHop.has(name.toLowerCase())
}

/** A copy without the headers of one hop, among them those that Connection names (RFC 9110, 7.6.1). */
export function endToEnd(lines: HeaderLines): HeaderLines {
  const connection = lines.get('connection')
  if (connection === undefined) return lines.those((name) => !ofOneHop.has(name))
  const named = connection.split(',').map((name) => name.trim().toLowerCase())
  return lines.those((name) => !ofOneHop.has(name) && !named.includes(name))
}
