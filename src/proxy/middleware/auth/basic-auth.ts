import { createHmac, randomBytes } from 'node:crypto'

import { type RequestDraft, refusal } from '../draft.ts'
import { headerValue } from '../header-lines.ts'
import { recent } from '../recent.ts'
import type { Stage, Step } from '../stage.ts'
import { bcryptChecker } from './bcrypt.ts'
import { fits, type Secret, usersOf } from './htpasswd.ts'

type Options = {
  readonly users: readonly string[]
  readonly realm: string
  readonly removeHeader: boolean
  readonly userHeader?: string | undefined
}

/** What is remembered is worth nothing outside of this process. */
const key = randomBytes(32)
const checkBcrypt = bcryptChecker()
/** Longer ones are no passwords; bcrypt looks at 72 bytes of them. */
const maxCredentials = 1024

/** Lets in who knows the password of one of the users (RFC 7617). */
export function basicAuth(options: Options): Stage {
  const users = usersOf(options.users)
  // of whom nobody knows a password is asked as long as for the others
  const [stranger] = users.values()
  // apart, so that guesses don't drive out what is right
  const [right, wrong] = [recent<string, true>(1000), recent<string, true>(1000)]
  const asked = new Map<string, Promise<boolean | undefined>>()
  const realm = headerValue(options.realm).replaceAll(/["\\]/g, '\\$&')
  const refused = refusal(401, 'A name and a password are needed.', [
    'WWW-Authenticate',
    `Basic realm="${realm}", charset="UTF-8"`,
  ])
  const later = refusal(503, 'Too many passwords to check.', ['Retry-After', '1'])

  const entered = (request: RequestDraft, name: string, may: boolean): Step => {
    if (!may) return { answer: refused }
    admitted(request, name, options)
    return undefined
  }

  return (request) => {
    const given = credentialsOf(request)
    if (!given) return { answer: refused }
    const { name, password } = given
    const secret = users.get(name)
    const print = fingerprint(name, password)
    if (right.get(print)) return entered(request, name, true)
    if (wrong.get(print)) return entered(request, name, false)
    const settled = (result: boolean | undefined): Step => {
      if (result === undefined) return { answer: later }
      const may = result && secret !== undefined
      const list = may ? right : wrong
      list.set(print, true)
      return entered(request, name, may)
    }
    const result = asked.get(print) ?? compared(password, secret ?? stranger, request.ip)
    if (!(result instanceof Promise)) return settled(result)
    // what a page asks for all at once is one question
    asked.set(print, result)
    return result.finally(() => asked.delete(print)).then(settled)
  }
}

/** What an authenticated request takes along. */
export function admitted({ headers }: RequestDraft, name: string, options: Options): void {
  if (options.userHeader) headers.set(options.userHeader, headerValue(name))
  if (options.removeHeader) headers.remove('authorization')
}

function compared(
  password: Buffer,
  secret: Secret | undefined,
  ip: string,
): boolean | Promise<boolean | undefined> {
  if (!secret) return false
  if (secret.kind !== 'bcrypt') return fits(password, secret)
  return checkBcrypt(password.toString('utf8'), secret.text, ip)
}

function credentialsOf({ headers }: RequestDraft) {
  const [header = '', ...more] = headers.all('authorization')
  const [, coded = ''] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header) ?? []
  if (more.length > 0 || coded === '' || coded.length > maxCredentials) return undefined
  const bytes = Buffer.from(coded, 'base64')
  const at = bytes.indexOf(':')
  if (at < 0) return undefined
  return { name: bytes.subarray(0, at).toString('utf8'), password: bytes.subarray(at + 1) }
}

function fingerprint(name: string, password: Buffer): string {
  return createHmac('sha256', key).update(`${name}\0`).update(password).digest('base64')
}
