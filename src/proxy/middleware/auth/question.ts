import { endToEnd } from '../ask/lines.ts'
import type { RequestDraft } from '../draft.ts'
import type { HeaderLines } from '../header-lines.ts'

export type Asking = {
  readonly trustForwardHeader: boolean
  readonly requestHeaders: readonly string[]
  readonly forwardBody: boolean
  readonly keepMethod: boolean
}

/** What the authority is told of a request. */
export function questionOf(request: RequestDraft, options: Asking, body: Buffer | undefined) {
  const headers = endToEnd(request.headers)
  const told = new Set(options.requestHeaders.map((name) => name.toLowerCase()))
  const before = endToEnd(request.headers)
  if (told.size > 0) headers.removeIf((name) => !told.has(name))
  headers.removeIf((name) => name === 'host' || name.startsWith('x-forwarded-'))
  for (const [name, value] of Object.entries(forwarded(request, before, options))) {
    headers.set(name, value)
  }
  if (body) headers.set('Content-Length', String(body.length))
  return { method: options.keepMethod ? request.method : 'GET', headers: headers.pairs() }
}

/** What came with the request counts only if its peer is trusted, and then only if the authority shall hear it. */
function forwarded(request: RequestDraft, before: HeaderLines, options: Asking) {
  const heard = (name: string) => (options.trustForwardHeader ? before.get(name) : undefined)
  const chain = heard('x-forwarded-for')
  return {
    'X-Forwarded-Method': heard('x-forwarded-method') ?? request.method,
    'X-Forwarded-Proto': heard('x-forwarded-proto') ?? request.scheme,
    'X-Forwarded-Host': heard('x-forwarded-host') ?? request.authority,
    'X-Forwarded-Uri': heard('x-forwarded-uri') ?? `${request.path}${request.query}`,
    'X-Forwarded-For': chain === undefined ? request.ip : `${chain}, ${request.ip}`,
  }
}
