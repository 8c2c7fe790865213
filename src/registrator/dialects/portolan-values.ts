import { parseDuration } from '../../core/duration.ts'
import { PortolanError } from '../../core/errors.ts'
import { isRange } from '../../core/ranges.ts'
import { tcpMatchersIn } from '../../core/rule/compile.ts'
import { hostPattern } from '../../core/rule/host.ts'
import { parseRule } from '../../core/rule/parse.ts'
import { listOf } from './labels.ts'

function bad(why: string, remedy: string): PortolanError {
  return new PortolanError('bad-value', `${why}; ${remedy}`)
}

/** The items between commas, all of which have to fit. */
export function listed(isGood: (item: string) => boolean, kind: string, example: string) {
  return (text: string): string[] => {
    const items = listOf(text)
    if (items.length > 0 && items.every(isGood)) return items
    throw bad(`it is no list of ${kind}`, `write ${example}`)
  }
}

export const rangeList = listed(isRange, 'addresses', 'addresses or ranges such as 10.0.0.0/8')
export const entrypointList = listed(
  (item) => /^[A-Za-z0-9][\w.-]{0,63}$/.test(item),
  'entrypoints',
  'the name of a --tcp entrypoint, such as postgres',
)
export const sniList = listed(
  (item) => hostPattern(item) !== undefined,
  'host names',
  'names such as db.example.com',
)
export const headerList = listed(isHeaderName, 'header names', 'names such as X-User,X-Groups')
export const statusList = listed(
  (item) => /^([1-5]\d\d|[1-5]xx|[1-5]\d\d-[1-5]\d\d)$/.test(item),
  'status codes',
  'codes such as 200, 2xx or 200-399',
)

export function isHeaderName(text: string): boolean {
  // a token (RFC 9110, 5.6.2)
  return /^[\w!#$%&'*+.^`|~-]+$/.test(text)
}

/** A duration above nought, in milliseconds. */
export function timeOf(text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined && ms > 0) return ms
  throw bad('it is not a duration', 'write a number with a unit, such as 250ms, 30s or 5m')
}

/** A whole number from 1 on. */
export function countOf(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (count > 0) return count
  throw bad('it is not a count', 'write a whole number from 1 on')
}

function percentOf(text: string): number | undefined {
  const [, number = ''] = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text) ?? []
  const share = number === '' ? Infinity : Number(number) / 100
  return share <= 1 ? share : undefined
}

/** `5%` as 0.05. */
export function shareOf(text: string): number {
  const share = percentOf(text)
  if (share !== undefined) return share
  throw bad('it is not a share', 'write one from 0% to 100%, such as 5%')
}

/** `5%`, or `cookie:beta`. */
export function canaryOf(text: string) {
  const [, cookie] = /^cookie:([^\s;,=]+)$/.exec(text) ?? []
  if (cookie !== undefined) return { cookie }
  const share = percentOf(text)
  if (share !== undefined) return { share }
  throw bad('it is neither a share nor a cookie', 'write one such as 5%, or cookie:beta')
}

const bytesOf: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/** Bytes of `512`, `64k`, `10m` or `1g`; also written `10M`, `10MB`, `10MiB`: a `k` is 1024. */
export function sizeOf(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,9})\s?(?:([kmg])(?:i?b)?)?$/i.exec(text) ?? []
  const bytes = Number(number) * (bytesOf[unit.toLowerCase()] ?? 0)
  if (number !== '' && Number.isSafeInteger(bytes)) return bytes
  throw bad('it is not a size', 'write bytes, or a number with k, m or g, such as 10m')
}

/** `100/s`, `10/m:20`, `5/30s`: so many in each period, and how many at once (as many, if not said). */
export function rateOf(text: string) {
  const [, number = '', period = '', most] = /^(\d{1,9})\/(\w+)(?::(\d{1,9}))?$/.exec(text) ?? []
  const periodMs = parseDuration(/^\d/.test(period) ? period : `1${period}`)
  const average = Number(number)
  const burst = most === undefined ? average : Number(most)
  if (average > 0 && burst > 0 && periodMs !== undefined && periodMs > 0) {
    return { average, periodMs, burst }
  }
  throw bad('it is not a rate', 'write one such as 100/s, 10/m:20 (20 at once) or 5/30s')
}

/** A path for HTTP, or how else to ask whether an instance works. */
export function healthOf(text: string) {
  if (/^\/[!-~]*$/.test(text)) return { kind: 'http' as const, path: text }
  if (text === 'tcp' || text === 'grpc') return { kind: text, path: '/' }
  throw bad('it is no health check', 'write a path such as /healthz, tcp or grpc')
}

/** `redis`, or `http:/primary`. */
export function probeOf(text: string) {
  if (/^http:\/[!-~]*$/.test(text)) return { kind: 'http' as const, path: text.slice(5) }
  if (text === 'redis' || text === 'postgres' || text === 'mongodb') {
    return { kind: text, path: '/' }
  }
  throw bad('it is no probe', 'write redis, postgres, mongodb or http:/path')
}

/** Of a user or a file. */
export function nameOf(text: string): string {
  if (text !== '' && text.length <= 255) return text
  throw bad('it is no name', 'write one of 1 to 255 characters')
}

/** True, or the cookie's name. */
export function stickyOf(text: string): { readonly cookie: string } | false {
  if (text === 'false') return false
  if (text === 'true') return { cookie: 'portolan' }
  const [, cookie] = /^cookie:([\w!#$%&'*+.^`|~-]+)$/.exec(text) ?? []
  if (cookie !== undefined) return { cookie }
  throw bad('it is neither true nor a cookie', 'write true, false or cookie:NAME')
}

/** `user:hash` as htpasswd writes it, several by commas. Messages never have the value in them. */
export function usersOf(text: string): string[] {
  const users = listOf(text)
  if (users.some((user) => user.includes('$$'))) {
    throw bad('its dollar signs are doubled twice', 'write $$ in a compose file, $ everywhere else')
  }
  const hashed = /^[^:\s]+:(\$apr1\$|\$1\$|\$2[aby]\$|\{SHA\})\S+$/
  if (users.length > 0 && users.every((user) => hashed.test(user))) return users
  throw bad(
    'it is no list of users with hashed passwords',
    'write what `htpasswd -nB user` prints (bcrypt, apr1, MD5 or SHA)',
  )
}

export function webAddressOf(text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : ''
  if (protocol === 'http:' || protocol === 'https:') return text
  throw bad('it is no web address', 'write one such as http://auth:9091/api/verify')
}

/** A rule, and whether it is one for TCP. */
export function ruleTextOf(text: string): { readonly rule: string; readonly tcp: boolean } {
  return { rule: text, tcp: tcpMatchersIn(parseRule(text)).length > 0 }
}

/** `web` or `shop/web`. */
export function serviceIdOf(text: string): string {
  if (/^([A-Za-z0-9][\w.-]{0,127}\/)?[A-Za-z0-9][\w.-]{0,127}$/.test(text)) return text
  throw bad('it is no service', 'write its name, or project/name')
}
