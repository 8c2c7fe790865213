import { PortolanError } from '../../../core/errors.ts'
import { callsOf } from '../../../core/rule/ast.ts'
import { parseRule } from '../../../core/rule/parse.ts'
import { modernRule } from './rule-v2.ts'

export type RouterProtocol = 'http' | 'tcp'

const tcpOnly = ['HostSNI', 'HostSNIRegexp', 'ALPN']
const tcpMatchers = [...tcpOnly, 'ClientIP']

/** A router's rule in v3's words. Throws `bad-value` for one that can't be read, or not by this kind of router. */
export function ruleFor(protocol: RouterProtocol, written: string, old: boolean): string {
  const rule = modernRule(written, old)
  const names = callsOf(parseRule(rule)).map(({ name }) => name)
  const foreign = names.find((name) =>
    protocol === 'tcp' ? !tcpMatchers.includes(name) : tcpOnly.includes(name),
  )
  if (foreign === undefined) return rule
  const other = protocol === 'tcp' ? 'http' : 'tcp'
  throw new PortolanError(
    'bad-value',
    `${foreign} is no matcher of ${protocol} routers; write it to traefik.${other}.routers.…`,
  )
}

/**
 * Traefik's: unset or 0 is the length in bytes of the rule as it was written, and -1 for TCP's rule for everything;
 * higher goes first.
 */
export function priorityOf(given: number | undefined, written: string): number {
  if (given) return given
  return /^HostSNI\([`"]\*[`"]\)$/i.test(written) ? -1 : Buffer.byteLength(written)
}
