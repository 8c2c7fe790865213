import { endToEnd, withoutNamed } from '../middleware/ask/lines.ts'
import type { RequestDraft } from '../middleware/draft.ts'
import { HeaderLines } from '../middleware/header-lines.ts'
import { Over } from '../middleware/over.ts'
import type { TableRoute, Target } from '../table/route.ts'
import type { Asked } from './asked.ts'
import { wayOf } from './forwarded.ts'
import { originText, saidBy } from './request-text.ts'

/** What says where a request came from: believed of some peers only. `_` is read as `-` by some servers. */
const forwarding = /^(x-forwarded-.*|x-real-ip|forwarded|x-request-id)$/
function isForwarding(name: string): boolean {
  const [first] = name
  return (first === 'x' || first === 'f') && forwarding.test(name.replaceAll('_', '-'))
}

const names: Readonly<Record<string, string>> = {
  forwardedFor: 'x-forwarded-for',
  forwarded: 'forwarded',
  forwardedHost: 'x-forwarded-host',
  forwardedProto: 'x-forwarded-proto',
  forwardedPort: 'x-forwarded-port',
  realIp: 'x-real-ip',
  requestId: 'x-request-id',
}

/** Written anew for the endpoint. */
const ours = new Set(['host', 'x-forwarded-for', 'forwarded', 'via'])

/** `asked` as middlewares see it. */
export function draftOf(asked: Asked, readBody: RequestDraft['readBody']): RequestDraft {
  const { path, search: query, origin, verb: method } = asked
  const all = withoutNamed(HeaderLines.in(asked.fields), isForwarding)
  const headers = asked.isTrusted ? all : all.those((name) => !isForwarding(name))
  const said = headers.get('x-forwarded-proto') ?? wayOf(headers.get('forwarded')).proto
  const isSecure = said === undefined ? origin.scheme === 'https' : /^(https|wss)$/i.test(said)
  return {
    method,
    authority: asked.hostText,
    path,
    query,
    sent: asked.sent,
    scheme: isSecure ? 'https' : 'http',
    host: asked.host,
    ip: asked.ip,
    headers,
    hasBody: asked.content !== 'none',
    readBody,
    over: new Over(),
  }
}

/** The whole head for an endpoint, as middlewares want it; `id` is used unless the request has one. */
export function guardedText(
  { method, path, query, authority, headers }: RequestDraft,
  asked: Asked,
  route: TableRoute,
  target: Target,
  id: string,
): string {
  const lines = endToEnd(headers)
  const said = saidBy((kind) => lines.get(names[kind] ?? ''))
  const via = lines.all('via')
  const theirs = lines.those((name) => !ours.has(name))
  let text = `${method} ${path}${query} HTTP/1.1\r\n`
  text += `host: ${route.passHost ? authority : hostOf(target)}\r\n${theirs.text()}`
  for (const hop of via) text += `via: ${hop}\r\n`
  text += originText(asked.origin, asked.hostText, asked.minor, said)
  if (!said.requestId) text += id
  if (asked.content === 'chunked') text += 'transfer-encoding: chunked\r\n'
  else if (asked.length >= 0) text += `content-length: ${asked.length}\r\n`
  if (asked.isUpgrade) text += 'connection: Upgrade\r\nupgrade: websocket\r\n'
  return `${text}\r\n`
}

function hostOf({ ip, port }: Target): string {
  return `${ip.includes(':') ? `[${ip}]` : ip}:${port}`
}
