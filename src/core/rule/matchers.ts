import { PortolanError } from '../errors.ts'
import { isRange } from '../ranges.ts'
import { hostPattern } from './host.ts'
import { regexOf } from './regex.ts'

/** What the grammar knows of one matcher. */
export type Matcher = {
  readonly name: string
  readonly min: number
  readonly max: number
  /** What is wrong with the value at place `index`; undefined when it is right. */
  readonly check: (value: string, index: number) => string | undefined
  /** The value in the form that is compared. */
  readonly value: (value: string) => string
  readonly remedy: string
}

const anything = () => undefined
const asWritten = (value: string) => value
/** Traefik v2 took any number of values, and its labels are still around. */
const many = { min: 1, max: 256 }

const host = {
  check: (value: string) =>
    hostPattern(value) === undefined ? bad(value, 'host name') : undefined,
  value: (value: string) => hostPattern(value) ?? value,
  remedy: 'write a name such as a.example, *.example (one label more) or **.example (any depth)',
}
const path = {
  check: (value: string) => (value.startsWith('/') ? undefined : bad(value, 'path')),
  // requests have such characters escaped
  value: (value: string) => value.replaceAll(/[^!-~]+/g, (text) => encodeURI(text.toWellFormed())),
  remedy: 'begin it with /',
}
const regex = {
  check: checkRegex,
  value: asWritten,
  remedy: 'write a regular expression without look-around and back-references',
}
/** A name, and an expression for its values. */
const named = {
  ...regex,
  check: (value: string, index: number) => (index === 0 ? undefined : checkRegex(value)),
}
const range = {
  check: (value: string) => (isRange(value) ? undefined : bad(value, 'address')),
  value: asWritten,
  remedy: 'write an address or a range such as 10.0.0.0/8',
}
const free = { check: anything, value: asWritten, remedy: 'give a value' }
const pair = { min: 2, max: 2 }
const nameOrPair = { min: 1, max: 2 }

const matchers: readonly Matcher[] = [
  { name: 'Host', ...many, ...host },
  { name: 'HostRegexp', ...many, ...regex },
  { name: 'Path', ...many, ...path },
  { name: 'PathPrefix', ...many, ...path },
  { name: 'PathRegexp', ...many, ...regex },
  { name: 'Method', ...many, ...free },
  { name: 'Header', ...pair, ...free },
  { name: 'HeaderRegexp', ...pair, ...named },
  { name: 'Query', ...nameOrPair, ...free },
  { name: 'QueryRegexp', ...nameOrPair, ...named },
  { name: 'ClientIP', ...many, ...range },
  { name: 'HostSNI', ...many, ...host },
  { name: 'HostSNIRegexp', ...many, ...regex },
  { name: 'ALPN', ...many, ...free },
]

/** Names that Traefik v2 had for some of them. */
const older: Readonly<Record<string, string>> = {
  HostHeader: 'Host',
  Headers: 'Header',
  HeadersRegexp: 'HeaderRegexp',
}

const bySpelling = new Map(
  matchers.flatMap((matcher) => {
    const before = Object.keys(older).filter((name) => older[name] === matcher.name)
    return [matcher.name, ...before].flatMap(spellings).map((name) => [name, matcher] as const)
  }),
)

/** For messages. */
export const matcherNames: readonly string[] = matchers.map(({ name }) => name)

/**
 * The matcher of this name, or of its name in Traefik v2, in one of Traefik's four spellings: HostRegexp, hostregexp,
 * HOSTREGEXP, Hostregexp.
 */
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

function checkRegex(value: string): string | undefined {
  try {
    regexOf(value)
    return undefined
  } catch (error) {
    if (!(error instanceof PortolanError)) throw error
    return error.message.split('; ')[0]
  }
}
