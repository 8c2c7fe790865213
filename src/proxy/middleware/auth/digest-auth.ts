import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

import { type RequestDraft, refusal } from '../draft.ts'
import { headerValue } from '../header-lines.ts'
import { recent } from '../recent.ts'
import type { Site, Stage } from '../stage.ts'
import { admitted } from './basic-auth.ts'
import { parametersOf } from './digest-parameters.ts'
import { isSame } from './htpasswd.ts'

type Options = {
  readonly users: readonly string[]
  readonly realm: string
  readonly removeHeader: boolean
  readonly userHeader?: string | undefined
}

const nonceMs = 300_000

/**
 * Lets in who proves to know a user's password without sending it (RFC 7616, MD5 with qop `auth`, which is what
 * `htdigest` makes hashes for).
 */
export function digestAuth(options: Options, { share, nowMs }: Site): Stage {
  const users = digestUsersOf(options.users)
  const realm = headerValue(options.realm).replaceAll(/["\\]/g, '')
  const nonces = nonceMaker(share.secret, nowMs)
  // a count of a nonce is good once; another thread has a list of its own
  const counts = recent<string, number>(10_000)
  const opaque = md5(realm)

  const challenge = (stale: boolean) => {
    const fields = `realm="${realm}", qop="auth", nonce="${nonces.make()}", opaque="${opaque}"`
    const value = `Digest ${fields}, algorithm=MD5${stale ? ', stale=true' : ''}`
    const why = 'A name and a password are needed.'
    return { answer: refusal(401, why, ['WWW-Authenticate', value]) }
  }

  return (request) => {
    const given = givenIn(request)
    if (!given || given.realm !== realm || !isOfThis(request, given.uri)) return challenge(false)
    const secret = users.get(`${given.username}:${realm}`) ?? md5(`${opaque} nobody`)
    const proof = md5(`${request.method}:${given.uri}`)
    const parts = [secret, given.nonce, given.nc, given.cnonce, 'auth', proof]
    const isRight = isSame(md5(parts.join(':')), given.response.toLowerCase())
    const age = nonces.ageMs(given.nonce)
    if (!isRight || age === undefined || !users.has(`${given.username}:${realm}`)) {
      return challenge(false)
    }
    const count = Number.parseInt(given.nc, 16)
    if (age > nonceMs || count <= (counts.get(given.nonce) ?? 0)) return challenge(true)
    counts.set(given.nonce, count)
    admitted(request, given.username, options)
    return undefined
  }
}

/** What is wrong with the lines, if anything. */
export function digestUsersProblem(lines: readonly string[]): string | undefined {
  if (lines.length === 0) return 'it has no users'
  const isGood = (line: string) => /^[^:]+:[^:]*:[0-9a-f]{32}$/i.test(line)
  return lines.every(isGood)
    ? undefined
    : 'a user is not written as htdigest does it, name:realm:hash'
}

function digestUsersOf(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(':')
      return [line.slice(0, at), line.slice(at + 1).toLowerCase()]
    }),
  )
}

function givenIn({ headers }: RequestDraft) {
  const [header = '', ...more] = headers.all('authorization')
  if (more.length > 0) return undefined
  const { username, realm, nonce, uri, response, qop, nc, cnonce, algorithm } = parametersOf(header)
  const isSupported = qop === 'auth' && /^md5$/i.test(algorithm ?? 'MD5')
  if (!isSupported || !/^[0-9a-f]{8}$/i.test(nc ?? '') || !nc) return undefined
  if (username === undefined || realm === undefined || nonce === undefined) return undefined
  if (uri === undefined || response === undefined || cnonce === undefined) return undefined
  return { username, realm, nonce, uri, response, nc, cnonce }
}

/** A middleware may have changed the path before: what was signed has to be what the client sent. */
function isOfThis({ sent }: RequestDraft, uri: string): boolean {
  return uri === sent || uri.replace(/^https?:\/\/[^/?]+/i, '') === sent
}

/** Nonces that say when they were made, and by whom: any thread knows those of any other. */
function nonceMaker(secret: Uint8Array, nowMs: () => number) {
  const sign = (time: string) => createHmac('sha256', secret).update(`nonce ${time}`).digest()

  return {
    make(): string {
      const time = nowMs().toFixed(3)
      return Buffer.from(`${time} ${sign(time).toString('base64')}`).toString('base64url')
    },
    /** Undefined for one that was not made here. */
    ageMs(nonce: string): number | undefined {
      const [time = '', given = ''] = Buffer.from(nonce, 'base64url').toString('latin1').split(' ')
      const [right, theirs] = [sign(time), Buffer.from(given, 'base64')]
      const isOurs = right.length === theirs.length && timingSafeEqual(right, theirs)
      return isOurs ? nowMs() - Number(time) : undefined
    },
  }
}

function md5(text: string): string {
  return createHash('md5').update(text, 'latin1').digest('hex')
}
