import { middlewareSchema } from '../../../src/core/middleware.ts'
import { chains } from '../../../src/proxy/middleware/chains.ts'
import type { AnswerDraft, OwnAnswer, RequestDraft } from '../../../src/proxy/middleware/draft.ts'
import { HeaderLines } from '../../../src/proxy/middleware/header-lines.ts'
import { Over } from '../../../src/proxy/middleware/over.ts'
import { machineMs, newShare } from '../../../src/proxy/middleware/share.ts'
import type { Site } from '../../../src/proxy/middleware/stage.ts'

type Pairs = Readonly<Record<string, string>>

/** A GET of `http://shop.test/` from 192.0.2.1, and what differs from that. */
export function requestOf(
  given: Partial<Omit<RequestDraft, 'headers'>> & { readonly headers?: Pairs; body?: string } = {},
): RequestDraft {
  const { headers = {}, body, host = 'shop.test', path = '/', query = '', ...rest } = given
  return {
    method: 'GET',
    authority: host,
    path,
    query,
    sent: `${path}${query}`,
    scheme: 'http',
    host,
    ip: '192.0.2.1',
    hasBody: body !== undefined,
    over: new Over(),
    readBody: (most) => {
      const bytes = Buffer.from(body ?? '')
      return Promise.resolve(bytes.length > most ? undefined : bytes)
    },
    ...rest,
    headers: linesOf(headers),
  }
}

export function answerOf(status = 200, headers: Pairs = {}, length?: number): AnswerDraft {
  return { own: false, status, headers: linesOf(headers), length }
}

export function linesOf(headers: Pairs): HeaderLines {
  return new HeaderLines(Object.entries(headers).flat())
}

/** Everything that a chain needs of its process, with what a test sets. */
export function siteOf(given: Partial<Site> = {}): Site {
  return {
    nowMs: machineMs,
    share: newShare(1),
    seat: 0,
    isOwn: () => false,
    httpsPort: () => undefined,
    pageOf: () => Promise.resolve(undefined),
    ...given,
  }
}

/** A chain of these, as labels or the store would write them, without defaults. */
export function chainOf(list: readonly object[], site: Site = siteOf()) {
  const named = list.map((one, at) => ({
    name: `m${at}`,
    middleware: middlewareSchema.parse(one),
  }))
  const chain = chains(site).of({ key: 'route', service: 'shop/web' }, named)
  if (!chain) throw new Error('no chain')
  return chain
}

/** What comes of one request: the answer instead, or the request as it goes on. */
export async function passed(
  list: readonly object[],
  request: RequestDraft = requestOf(),
  site: Site = siteOf(),
) {
  const run = chainOf(list, site).begin(request)
  const answer = await run.enter()
  return { run, request, answer, headers: new HeaderLines(answer?.headers) }
}

/** The head of an answer after all stages have seen it. */
export async function seen(
  list: readonly object[],
  answer: AnswerDraft = answerOf(),
  request: RequestDraft = requestOf(),
) {
  const { run } = await passed(list, request)
  const own = await run.answered(answer, ownDraft)
  return { run, answer, own }
}

export function ownDraft({ status, headers, body }: OwnAnswer): AnswerDraft {
  return { own: true, status, headers: new HeaderLines(headers), length: body?.length ?? 0 }
}
