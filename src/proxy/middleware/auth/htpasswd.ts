import { createHash, timingSafeEqual } from 'node:crypto'

import { md5Crypt } from './md5-crypt.ts'

/** A line of a file of users, without the name. */
export type Secret = {
  readonly kind: 'bcrypt' | 'apr1' | 'md5' | 'sha1' | 'plain'
  readonly text: string
}

export type Users = ReadonlyMap<string, Secret>

/** The users of lines as `htpasswd` writes them: `name:hash`. */
export function usersOf(lines: readonly string[]): Users {
  return new Map(
    lines.map((line) => {
      const at = line.indexOf(':')
      const text = line.slice(at + 1)
      return [line.slice(0, at), { kind: kindOf(text) ?? 'plain', text }]
    }),
  )
}

/** What is wrong with the lines, if anything; never with a hash in it. */
export function usersProblem(lines: readonly string[]): string | undefined {
  if (lines.length === 0) return 'it has no users'
  for (const line of lines) {
    const at = line.indexOf(':')
    if (at < 1 || at === line.length - 1) return 'a user is not written as name:hash'
    if (kindOf(line.slice(at + 1)) === undefined) {
      const name = JSON.stringify(line.slice(0, at))
      return `the hash of user ${name} is none of bcrypt (of cost 4 to 15), apr1, MD5 or SHA`
    }
  }
  return undefined
}

function kindOf(text: string): Secret['kind'] | undefined {
  if (/^\$2[abxy]?\$(0[4-9]|1[0-5])\$[./A-Za-z0-9]{53}$/.test(text)) return 'bcrypt'
  if (/^\$apr1\$[^$]{0,8}\$[./A-Za-z0-9]{22}$/.test(text)) return 'apr1'
  if (/^\$1\$[^$]{0,8}\$[./A-Za-z0-9]{22}$/.test(text)) return 'md5'
  if (/^\{SHA\}[A-Za-z0-9+/]{27}=$/.test(text)) return 'sha1'
  return /^[${]/.test(text) ? undefined : 'plain'
}

/** Whether `password` is the one of a secret that is no bcrypt. */
export function fits(password: Buffer, { kind, text }: Secret): boolean {
  switch (kind) {
    case 'apr1':
    case 'md5': {
      const [, , salt = ''] = text.split('$')
      return isSame(md5Crypt(password, kind === 'md5' ? '$1$' : '$apr1$', salt), text)
    }
    case 'sha1':
      return isSame(`{SHA}${createHash('sha1').update(password).digest('base64')}`, text)
    case 'plain':
      return isSame(password, text)
    case 'bcrypt':
      return false
  }
}

/** Compares in a time that says nothing of where two values differ. */
export function isSame(a: string | Buffer, b: string | Buffer): boolean {
  const digest = (value: string | Buffer) => createHash('sha256').update(value).digest()
  return timingSafeEqual(digest(a), digest(b))
}
