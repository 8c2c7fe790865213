import { asker } from '../middleware/ask/ask.ts'
import { endToEnd } from '../middleware/ask/lines.ts'
import type { OwnAnswer } from '../middleware/draft.ts'
import { HeaderLines } from '../middleware/header-lines.ts'
import type { PageRequest } from '../middleware/stage.ts'
import type { Chooser } from './choose.ts'
import type { Upstream } from './upstream.ts'

/** A client waits for an error; it is not to wait long. */
const limitMs = 5000
/** Of the request for a page that there is not: the one for the page is another. */
const unfit = /^(if-.*|range|content-.*|host)$/

/** Gets the pages of errors from services. Containers have no certificate that anybody could check. */
export function pages(chooser: Chooser, isOwn: (ip: string, port: number) => boolean) {
  const ask = asker(limitMs, isOwn, false)

  async function ofUpstream(
    upstream: Upstream,
    { path, request }: PageRequest,
  ): Promise<OwnAnswer | undefined> {
    const { protocol, ip, port } = upstream.target
    const place = `${protocol}://${ip.includes(':') ? `[${ip}]` : ip}:${port}`
    const url = new URL(`${place}${path.startsWith('/') ? '' : '/'}${path}`)
    const headers = endToEnd(request.headers).those((name) => !unfit.test(name))
    headers.set('Host', request.authority)
    const {
      status,
      headers: lines,
      body,
    } = await ask({ url, method: 'GET', headers: headers.pairs() })
    if (status < 200 || status > 299) return undefined
    return { status, why: '', headers: endToEnd(new HeaderLines(lines)).pairs(), body }
  }

  return async (page: PageRequest): Promise<OwnAnswer | undefined> => {
    const route = chooser.helpers(page.asker, page.service)
    const { ip, headers } = page.request
    const asking = { ip, headers: (name: string) => headers.all(name) }
    const beganMs = performance.now()
    const upstream = route && chooser.choose(route, asking, undefined, beganMs)
    if (!upstream) return undefined
    upstream.began()
    try {
      const answer = await ofUpstream(upstream, page)
      upstream.ended('ok', performance.now() - beganMs)
      return answer
    } catch {
      upstream.ended('reset', performance.now() - beganMs)
      return undefined
    }
  }
}
