import { PortolanError } from '../../core/errors.ts'
import type { Middleware } from '../../core/middleware.ts'
import { parseRule } from '../../core/rule/parse.ts'
import { escaped, quoted } from './nginx-proxy-hosts.ts'

/** An argument of nginx's `location`. */
export type Location = {
  readonly kind: 'prefix' | 'firm' | 'exact' | 'regex'
  /** Part of a rule; empty: every path. */
  readonly rule: string
  /** Path or pattern. */
  readonly text: string
}

const kinds = new Map<string, Location['kind']>([
  ['', 'prefix'],
  ['^~', 'firm'],
  ['=', 'exact'],
  ['~', 'regex'],
  ['~*', 'regex'],
])

/** `/x` (by characters, not by segments: `/xy` too), `^~ /x`, `= /x`, `~ pattern` or `~* pattern` (any case). */
export function locationOf(path: string): Location {
  const [, sign = '', text = ''] = /^(=|\^~|~\*|~)?\s*(.*)$/s.exec(path.trim()) ?? []
  const kind = kinds.get(sign) ?? 'prefix'
  if (kind === 'regex') {
    const rule = `PathRegexp(${quoted(sign === '~*' ? `(?i)${text}` : text)})`
    parseRule(rule)
    return { kind, rule, text }
  }
  if (!isPath(text)) {
    throw new PortolanError('bad-value', 'it is not a path; begin it with "/", without ? and #')
  }
  if (kind === 'exact') return { kind, rule: `Path(${quoted(text)})`, text }
  return { kind, rule: text === '/' ? '' : `PathPrefix(${quoted(text)})`, text }
}

/** What puts `dest` in the place of the location's path; undefined: the path stays. Throws where nginx can't either. */
export function destinationOf(
  { kind, text }: Location,
  dest: string,
): { readonly name: string; readonly middleware: Middleware } | undefined {
  if (dest === '' || (dest === text && kind !== 'regex')) return undefined
  if (!isPath(dest) || dest.includes('$')) {
    throw new PortolanError('bad-value', 'it is not a path; begin it with "/", without ?, # and $')
  }
  const name = `nginx-proxy ${text} to ${dest}`
  switch (kind) {
    case 'regex':
      throw new PortolanError(
        'bad-value',
        'there is no destination for a path that is a regular expression; leave out one of them',
      )
    case 'exact':
      return { name, middleware: { replacePath: dest } }
    case 'prefix':
    case 'firm':
      if (dest === '/') return { name, middleware: { stripPrefix: [text] } }
      return { name, middleware: replaced(text, dest) }
  }
}

/** For `/x/`: nginx sends who asks for `/x` there. */
export function slashOf({
  kind,
  text,
}: Location):
  | { readonly rule: string; readonly name: string; readonly middleware: Middleware }
  | undefined {
  const bare = text.slice(0, -1)
  if (kind !== 'prefix' && kind !== 'firm') return undefined
  if (bare === '' || !text.endsWith('/')) return undefined
  const redirectRegex = {
    regex: `^([^?]*${escaped(bare)})(\\?.*)?$`,
    replacement: '${1}/${2}',
    permanent: true,
  }
  return {
    rule: `Path(${quoted(bare)})`,
    name: `nginx-proxy ${bare} to ${text}`,
    middleware: { redirectRegex },
  }
}

function replaced(prefix: string, dest: string): Middleware {
  return { replacePathRegex: { regex: `^${escaped(prefix)}(.*)`, replacement: `${dest}$1` } }
}

function isPath(text: string): boolean {
  return /^\/[^\s?#`"\\]*$/.test(text)
}
