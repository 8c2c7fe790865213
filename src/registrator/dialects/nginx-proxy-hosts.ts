import { PortolanError } from '../../core/errors.ts'
import { hostPattern } from '../../core/rule/host.ts'
import { parseRule } from '../../core/rule/parse.ts'
import { ruleOf } from '../../core/rule/rule-of.ts'
import { listOf } from './labels.ts'

/** A name of nginx's `server_name` as a rule. */
export type VirtualHost = {
  readonly rule: string
  readonly kind: 'exact' | 'wildcard' | 'tail' | 'regex'
}

/** The names of `VIRTUAL_HOST`; `.a.example` is nginx's short form of two. */
export function hostNames(text: string): string[] {
  const names = listOf(text).flatMap((name) =>
    name.startsWith('.') ? [name.slice(1), `*${name}`] : [name],
  )
  return [...new Set(names)]
}

/**
 * A name (`a.example`), all below one (`*.a.example`, any depth), one under any domain (`mail.*`), or a regular
 * expression (`~^www\d+\.`). Throws `bad-value` for anything else.
 */
export function hostOf(name: string): VirtualHost {
  if (name.startsWith('~')) return { rule: regexRule(name.slice(1)), kind: 'regex' }
  if (name.endsWith('.*')) return { rule: tailRule(name), kind: 'tail' }
  return {
    rule: ruleOf({ hosts: [name], paths: [] }),
    kind: name.startsWith('*') ? 'wildcard' : 'exact',
  }
}

/** Text as a literal of the rule grammar. */
export function quoted(text: string): string {
  return text.includes('`') ? JSON.stringify(text) : `\`${text}\``
}

/** Text that a regular expression takes literally. */
export function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}

/** Hosts are compared in lower case; nginx takes a pattern with capitals as one that ignores case. */
function regexRule(pattern: string): string {
  const flags = /[A-Z]/.test(pattern) ? '(?i)' : ''
  return checked(`HostRegexp(${quoted(flags + pattern.trim())})`)
}

function tailRule(name: string): string {
  const host = hostPattern(name.slice(0, -2))
  if (host === undefined || host.startsWith('*')) {
    throw new PortolanError(
      'bad-value',
      `${JSON.stringify(name)} is no host name; write one such as mail.*`,
    )
  }
  return checked(`HostRegexp(${quoted(`^${escaped(host)}\\..+$`)})`)
}

function checked(rule: string): string {
  parseRule(rule)
  return rule
}
