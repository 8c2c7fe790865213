import { PortolanError } from '../errors.ts'
import { hostPattern } from './host.ts'

/**
 * The rule that says `portolan.host` and `portolan.path`: any of these hosts (`*.x` at any depth), and any of these
 * paths, each up to a segment's boundary. Throws `bad-value` for a host or path that is none, and when both lists are
 * empty. A single exact host gives exactly ``Host(`a`)``.
 */
export function ruleOf({
  hosts,
  paths,
}: {
  readonly hosts: readonly string[]
  readonly paths: readonly string[]
}): string {
  const parts = [hosts.map(hostRule), paths.flatMap(pathRules)].filter((one) => one.length > 0)
  if (parts.length === 0) throw new PortolanError('bad-value', 'no host and no path; name one')
  const [only] = parts
  if (only && parts.length === 1) return only.join(' || ')
  return parts.map((one) => (one.length > 1 ? `(${one.join(' || ')})` : one.join(''))).join(' && ')
}

function hostRule(text: string): string {
  const pattern = hostPattern(text)
  if (pattern === undefined) {
    throw new PortolanError(
      'bad-value',
      `${JSON.stringify(text)} is no host name; write one such as shop.example.com or *.example.com`,
    )
  }
  return `Host(\`${pattern.replace(/^\*{1,2}\./, '**.')}\`)`
}

function pathRules(text: string): string[] {
  const path = text.trim()
  if (!/^\/[^\s`?#\\]*$/.test(path)) {
    throw new PortolanError(
      'bad-value',
      `${JSON.stringify(text)} is no path; begin it with / and leave out spaces, quotes, ? and #`,
    )
  }
  const bare = path.replace(/\/+$/, '')
  // every path begins with /, so that one restricts nothing
  if (bare === '') return ['PathPrefix(`/`)']
  return [`Path(\`${bare}\`)`, `PathPrefix(\`${bare}/\`)`]
}
