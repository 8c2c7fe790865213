import { isIP } from 'node:net'

import { hostPattern } from './host.ts'

/** What the grammar knows of one matcher. */
export type Matcher = {
  readonly name: string
  readonly min: number
  readonly max: number
  /** What is wrong with a value; undefined when it is right. */
  readonly check: (value: string) => string | undefined
  /** The value in the form that is compared. */
  readonly value: (value: string) => string
  readonly remedy: string
  /** Whether requests can be matched by it; the others are only parsed. */
  readonly served: boolean
}

const anything = () => undefined
const asWritten = (value: string) => value
/** Traefik v2 took any number of values, and its labels are still around. */
const many = 256

const host = {
  min: 1,
  max: many,
  check: (value: string) =>
    hostPattern(value) === undefined ? bad(value, 'host name') : undefined,
  value: (value: string) => hostPattern(value) ?? value,
  remedy: 'write a name such as a.example, *.example (one label more) or **.example (any depth)',
}
const path = {
  min: 1,
  max: many,
  check: (value: string) => (value.startsWith('/') ? undefined : bad(value, 'path')),
  value: asWritten,
  remedy: 'begin it with /',
}
const regex = {
  min: 1,
  max: many,
  check: checkRegex,
  value: asWritten,
  remedy: 'write a regular expression without look-around and back-references',
}
const free = { check: anything, value: asWritten, remedy: 'give a value' }

const later = { served: false }
const now = { served: true }

const matchers: readonly Matcher[] = [
  { name: 'Host', ...host, ...now },
  { name: 'HostHeader', ...host, ...now },
  { name: 'Path', ...path, ...now },
  { name: 'PathPrefix', ...path, ...now },
  { name: 'HostRegexp', ...regex, ...later },
  { name: 'PathRegexp', ...regex, ...later },
  { name: 'Method', min: 1, max: many, ...free, ...later },
  { name: 'Header', min: 2, max: 2, ...free, ...later },
  { name: 'Headers', min: 2, max: 2, ...free, ...later },
  { name: 'HeaderRegexp', min: 2, max: 2, ...free, ...later },
  { name: 'HeadersRegexp', min: 2, max: 2, ...free, ...later },
  { name: 'Query', min: 1, max: many, ...free, ...later },
  { name: 'QueryRegexp', min: 1, max: 2, ...free, ...later },
  {
    name: 'ClientIP',
    min: 1,
    max: many,
    check: (value) => (isRange(value) ? undefined : bad(value, 'address')),
    value: asWritten,
    remedy: 'write an address or a range such as 10.0.0.0/8',
    ...later,
  },
  { name: 'HostSNI', ...host, ...later },
  { name: 'HostSNIRegexp', ...regex, ...later },
  { name: 'ALPN', min: 1, max: many, ...free, ...later },
]

const bySpelling = new Map(
  matchers.flatMap((matcher) => spellings(matcher.name).map((name) => [name, matcher] as const)),
)

/** For messages. */
export const matcherNames = matchers.map(({ name }) => name).join(', ')

/** The matcher of this name in one of Traefik's four spellings: HostRegexp, hostregexp, HOSTREGEXP, Hostregexp. */
export function matcherNamed(name: string): Matcher | undefined {
  return bySpelling.get(name)
}

function spellings(name: string): string[] {
  const lower = name.toLowerCase()
  return [name, lower, name.toUpperCase(), `${name.slice(0, 1)}${lower.slice(1)}`]
}

function bad(value: string, kind: string): string {
  return `${JSON.stringify(value)} is no ${kind}`
}

/** Go's syntax (RE2): what JavaScript adds to it is refused, so that rules mean the same in both. */
function checkRegex(value: string): string | undefined {
  const foreign = /\(\?(?:[=!]|<[=!])|\\[1-9]/.test(value)
  return foreign ? bad(value, 'regular expression of RE2') : undefined
}

function isRange(value: string): boolean {
  const [ip = '', bits, ...rest] = value.split('/')
  const family = isIP(ip)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}
