import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'

/** What a request says of where it comes from. */
export type Caller = {
  readonly method: string
  readonly host: string | undefined
  readonly origin: string | undefined
  /** Sec-Fetch-Site: how the browser sees the page that asks (Fetch Metadata). */
  readonly site: string | undefined
  readonly authorization: string | undefined
  /** Address of the peer. */
  readonly remote: string
  /** Whether another server passed it on: then the peer's address says nothing. */
  readonly forwarded: boolean
}

export type GuardOptions = {
  /** Allows writes from anywhere. Without: only from this machine. */
  readonly token?: string | undefined
  /** More names under which people reach us. */
  readonly hosts?: readonly string[] | undefined
}

export type Refusal = { readonly status: 401 | 403; readonly error: string }

const reads = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Why `caller` gets no answer, or undefined when it does. A web page must not get at us through a visitor's
 * browser: neither by a name of its own that leads to our address (DNS rebinding), nor by a request across sites.
 */
export function refusalOf(
  caller: Caller,
  { token, hosts = [] }: GuardOptions,
): Refusal | undefined {
  const { host, origin } = caller
  // only HTTP/1.0 has no Host, and no browser speaks that
  if (host !== undefined && !isOurName(host, hosts)) {
    return forbidden(
      `host ${JSON.stringify(host)} is not one of ours: ask by IP address or localhost`,
    )
  }
  if (origin !== undefined && !isSameHost(origin, host)) {
    return forbidden(`origin ${JSON.stringify(origin)} is another site: ask without a browser`)
  }
  return reads.has(caller.method) ? undefined : writeRefusal(caller, token)
}

/**
 * IP addresses, `localhost` and below, names without a dot and `.internal` ones (which nobody can own in the
 * public DNS, and which Docker gives), and `hosts`.
 */
function isOurName(hostHeader: string, hosts: readonly string[]): boolean {
  const [, six, text = ''] = /^(?:\[([^\]]+)\]|([\w.-]+))(?::\d{1,5})?$/.exec(hostHeader) ?? []
  if (six !== undefined) return isIP(six) === 6
  const name = text.toLowerCase().replace(/\.$/, '')
  if (name === '') return false
  if (isIP(name) !== 0 || !name.includes('.')) return true
  return /\.(localhost|internal)$/.test(name) || hosts.some((own) => own.toLowerCase() === name)
}

function isSameHost(origin: string, host: string | undefined): boolean {
  const url = URL.parse(origin)
  return url !== null && url.host !== '' && url.host === host?.toLowerCase()
}

function writeRefusal(caller: Caller, token: string | undefined): Refusal | undefined {
  const { site, authorization, remote, forwarded } = caller
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return forbidden('another site asks: only our own pages may write')
  }
  if (authorization !== undefined) {
    const right = token !== undefined && isEqual(authorization, `Bearer ${token}`)
    return right ? undefined : { status: 401, error: 'the bearer token is not the right one' }
  }
  if (isLoopback(remote) && !forwarded) return undefined
  return forbidden(
    'only this machine may write: run the command there (docker exec), or send a token',
  )
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.replace(/^::ffff:/i, '').startsWith('127.')
}

/** Takes the same time wherever the texts differ. */
function isEqual(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

function forbidden(error: string): Refusal {
  return { status: 403, error }
}
