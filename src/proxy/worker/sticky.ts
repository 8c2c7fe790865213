import { hash } from 'node:crypto'

import type { Policy } from '../../core/policy.ts'

type Sticky = Exclude<Policy['sticky'], false>

/**
 * What a sticky cookie says of an endpoint: the same on all nodes, and nothing of its address or name. Of the identity,
 * so that another container with the same address is never taken for it.
 */
export function tokenOf(identity: string): string {
  return hash('sha256', `portolan ${identity}`, 'base64url').slice(0, 16)
}

const sites = { none: 'None', lax: 'Lax', strict: 'Strict' } as const

/** The Set-Cookie (RFC 6265, 4.1) that binds a client to the endpoint with this token. */
export function stickyCookie(sticky: Sticky, token: string): string {
  const { cookie, path, domain, maxAge, sameSite, secure, httpOnly } = sticky
  return [
    `${cookie}=${token}`,
    `Path=${path}`,
    ...(domain === undefined ? [] : [`Domain=${domain}`]),
    ...ageOf(maxAge),
    ...(secure ? ['Secure'] : []),
    ...(httpOnly ? ['HttpOnly'] : []),
    ...(sameSite === undefined ? [] : [`SameSite=${sites[sameSite]}`]),
  ].join('; ')
}

/** As Traefik reads it: 0 is for as long as the browser runs, a negative one ends at once. */
function ageOf(maxAge = 0): string[] {
  return maxAge === 0 ? [] : [`Max-Age=${Math.max(0, maxAge)}`]
}
