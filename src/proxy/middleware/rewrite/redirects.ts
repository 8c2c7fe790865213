import { linearRegexOf } from '../../../core/rule/regex.ts'
import { type RequestDraft, refusal, urlOf } from '../draft.ts'
import type { Stage, Step } from '../stage.ts'
import { madeLocation } from './normal.ts'

const usualPorts: Readonly<Record<string, number>> = { http: 80, https: 443 }

/**
 * Sends requests that came by another scheme to the same place under `scheme`. `httpsPort`: the `public` one; undefined:
 * the usual one, for then TLS ends in front of us.
 */
export function redirectScheme(
  options: {
    readonly scheme: string
    readonly port?: number | 'public' | undefined
    readonly permanent: boolean
  },
  httpsPort: () => number | undefined,
): Stage {
  const scheme = options.scheme.toLowerCase()
  const { permanent } = options
  return (request) => {
    // the port of a proxy in front is not to be told from ours: the scheme alone decides
    if (request.scheme === scheme) return undefined
    const port = options.port === 'public' ? httpsPort() : options.port
    const suffix = port === undefined || usualPorts[scheme] === port ? '' : `:${port}`
    const host = request.authority.replace(/:\d+$/, '')
    return moved(request, `${scheme}://${host}${suffix}${pathOf(request)}`, permanent)
  }
}

/** Sends requests whose URL fits to what `replacement` makes of it. */
export function redirectRegex(options: {
  readonly regex: string
  readonly replacement: string
  readonly permanent: boolean
}): Stage {
  const regex = linearRegexOf(options.regex)
  return (request) => {
    const url = urlOf(request)
    if (!regex.test(url)) return undefined
    const location = regex.replace(url, options.replacement)
    return location === url ? undefined : moved(request, location, options.permanent)
  }
}

function pathOf({ path, query }: RequestDraft): string {
  return path === '*' ? '/' : `${path}${query}`
}

/** 301 or 302 for a GET; for the others the ones that keep the method (RFC 9110, 15.4). */
function moved({ method }: RequestDraft, url: string, permanent: boolean): Step {
  const plain = method === 'GET' || method === 'HEAD'
  const status = permanent ? (plain ? 301 : 308) : plain ? 302 : 307
  return { answer: refusal(status, 'It is at another address.', ['Location', madeLocation(url)]) }
}
