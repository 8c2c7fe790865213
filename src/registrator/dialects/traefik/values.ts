import { isIP } from 'node:net'

import { PortolanError } from '../../../core/errors.ts'

/** Go's strconv.ParseBool. Throws `bad-value`, like all here. */
export function goBoolean(text: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true
  if (/^(0|f|F|FALSE|false|False)$/.test(text)) return false
  throw bad('it is neither true nor false; write true or false')
}

/** Go's strconv.ParseInt in base 10, as far as JavaScript counts exactly. */
export function goInteger(text: string): number {
  const number = /^[+-]?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(number)) return number
  throw bad('it is not a whole number; write one such as 10')
}

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/** Milliseconds of a number, which is seconds, or of a Go duration such as `1m30s`. */
export function goDurationMs(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000
  if (!/^\+?((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+$/.test(text)) {
    throw bad('it is not a duration; write seconds, or a number with a unit such as 500ms or 1m30s')
  }
  const parts = text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)
  return parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (unitMs[unit] ?? 0), 0)
}

/** An address, or a range such as `10.0.0.0/8`. */
export function rangeOf(text: string): string {
  const [, ip = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = isIP(ip)
  if (family !== 0 && Number(bits ?? 0) <= (family === 4 ? 32 : 128)) return text
  throw bad(`${JSON.stringify(text)} is no address; write one such as 10.0.0.1 or 10.0.0.0/8`)
}

/** How many bits of IPv6 addresses count. */
export function ipv6BitsOf(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) <= 128) return Number(text)
  throw bad('it is no length of an IPv6 prefix; write a number from 0 to 128, such as 64')
}

function bad(message: string): PortolanError {
  return new PortolanError('bad-value', message)
}
