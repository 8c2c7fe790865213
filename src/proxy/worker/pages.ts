import { errnoOf } from '../../core/errors.ts'
import { asker } from '../middleware/ask/ask.ts'
import { endToEnd } from '../middleware/ask/lines.ts'
import type { OwnAnswer } from '../middleware/draft.ts'
import { HeaderLines } from '../middleware/header-lines.ts'
import type { PageRequest } from '../middleware/stage.ts'
import type { Chooser } from './choose.ts'
import type { Ending, Upstream } from './upstream.ts'

/** A client waits for an error; it is not to wait long. */
const limitMs = 5000
/** Of the request for a page that there is not: the one for the page is another. */
const unfit = /^(if-.*|range|content-.*|host)$/

/** Gets the pages of errors from services. Containers have no certificate that anybody could check. */
export function pages(chooser: Chooser, isOwn: (ip: string, port: number) => boolean) {
  const ask = asker(limitMs, isOwn, false)

  async function ofUpstream(upstream: Upstream, { path, request }: PageRequest): Promise<Found> {
    const { protocol, ip, port } = upstream.target
    // where HTTP/2 is spoken without TLS, HTTP/1.1 most likely is, too
    const place = `${protocol === 'https' ? protocol : 'http'}://${ip.includes(':') ? `[${ip}]` : ip}:${port}`
    const url = new URL(`${place}${path.startsWith('/') ? '' : '/'}${path}`)
    const headers = endToEnd(request.headers).those((name) => !unfit.test(name))
    headers.set('Host', request.authority)
    const {
      status,
      headers: lines,
      body,
    } = await ask({ url, method: 'GET', headers: headers.pairs() })
    if (status < 200 || status > 299) return { ending: status > 499 ? 'status5xx' : 'ok' }
    const answer = { status, why: '', headers: endToEnd(new HeaderLines(lines)).pairs(), body }
    return { ending: 'ok', answer }
  }

  return async (page: PageRequest): Promise<OwnAnswer | undefined> => {
    const route = chooser.helpers(page.asker, page.service)
    const { ip, headers } = page.request
    const asking = { ip, headers: (name: string) => headers.all(name) }
    const beganMs = performance.now()
    const upstream = route && chooser.choose(route, asking, undefined, beganMs)
    if (!upstream) return undefined
    upstream.began()
    const { ending, answer } = await ofUpstream(upstream, page).catch(failed)
    upstream.ended(ending, performance.now() - beganMs)
    return answer
  }
}

type Found = { readonly ending: Ending; readonly answer?: OwnAnswer }

function failed(error: unknown): Found {
  if (!(error instanceof Error)) return { ending: 'moot' }
  if ('syscall' in error && error.syscall === 'connect') return { ending: 'connect' }
  if (error.name === 'AbortError') return { ending: 'timeout' }
  return { ending: errnoOf(error) === undefined ? 'moot' : 'reset' }
}
