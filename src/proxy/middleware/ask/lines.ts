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

/** Not even a Connection header takes these away: they say where a message goes and where it ends. */
const ofMessage: ReadonlySet<string> = new Set(['host', 'content-length', 'transfer-encoding'])

/**
 * A copy without Connection and what it names, but for what `isKept`: whoever sent it has a say in what came with it,
 * and none in what is added to it from here on.
 */
export function withoutNamed(lines: HeaderLines, isKept: (name: string) => boolean): HeaderLines {
  const connection = lines.get('connection')
  if (connection === undefined) return lines
  const named = namesIn(connection)
  const stays = (name: string) => !named.has(name) || ofMessage.has(name) || isKept(name)
  return lines.those((name) => name !== 'connection' && stays(name))
}

/** A copy without the headers of one hop, among them those that Connection names (RFC 9110, 7.6.1). */
export function endToEnd(lines: HeaderLines): HeaderLines {
  const connection = lines.get('connection')
  if (connection === undefined) return lines.those((name) => !ofOneHop.has(name))
  const named = namesIn(connection)
  return lines.those((name) => !ofOneHop.has(name) && !named.has(name))
}

function namesIn(connection: string): ReadonlySet<string> {
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()))
}
