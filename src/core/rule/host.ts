import { domainToASCII } from 'node:url'

const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/

/** Names that need no conversion; others, numbers above all, go through the URL standard's rules. */
const plain = /^[a-z0-9_.-]*[a-z]$/
const foreign = /[/?#@\\\s%]/

/**
 * A host name as rules and requests compare it: lower case, without port and trailing dot, international names in
 * ASCII (UTS 46), IPv6 in brackets. Undefined for what is no host name.
 */
export function normalHost(text: string): string | undefined {
  const bare = text.replace(/(?<=[^:]|\]):\d{1,5}$/, '').replace(/\.$/, '')
  if (plain.test(bare)) return isHostName(bare) ? bare : undefined
  if (foreign.test(bare)) return undefined
  if (bare.startsWith('[')) return URL.canParse(`http://${bare}`) ? bare.toLowerCase() : undefined
  const ascii = domainToASCII(bare).toLowerCase()
  return isHostName(ascii) ? ascii : undefined
}

/** Like `normalHost`, and also `*` (all hosts), `*.name` (one label more) and `**.name` (one or more labels more). */
export function hostPattern(text: string): string | undefined {
  const trimmed = text.trim()
  if (trimmed === '*') return '*'
  const [, stars = '', name = ''] = /^(\*{1,2}\.)?(.*)$/s.exec(trimmed) ?? []
  const host = normalHost(name)
  if (host === undefined || (stars !== '' && host.startsWith('['))) return undefined
  return `${stars}${host}`
}

/** Labels of letters, digits, `-` and `_` (Compose names have it), 253 characters at most (RFC 1035). */
export function isHostName(text: string): boolean {
  return text.length <= 253 && text.split('.').every((one) => label.test(one))
}
