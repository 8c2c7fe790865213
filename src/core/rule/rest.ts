import type { Call, Rule } from './ast.ts'
import { compileRule } from './compile.ts'
import { plainRequest } from './request.ts'

/**
 * What `rule` still asks of requests of `host`, as a text that is the same for rules that say the same in another
 * order: `true` for nothing, `false` for a host that is not the rule's.
 */
export function restFor(rule: Rule, host: string): string {
  switch (rule.kind) {
    case 'call':
      return restOfCall(rule.call, host)
    case 'not': {
      const inner = restFor(rule.rule, host)
      if (inner === 'true') return 'false'
      return inner === 'false' ? 'true' : `!${inner}`
    }
    case 'and':
      return joined(rule.rules, host, 'true', 'false', ' && ')
    case 'or':
      return joined(rule.rules, host, 'false', 'true', ' || ')
  }
}

function joined(
  rules: readonly Rule[],
  host: string,
  idle: string,
  final: string,
  sign: string,
): string {
  const parts = new Set(rules.map((one) => restFor(one, host)))
  if (parts.has(final)) return final
  parts.delete(idle)
  if (parts.size === 0) return idle
  return parts.size === 1 ? [...parts].join('') : `(${[...parts].toSorted().join(sign)})`
}

function restOfCall(call: Call, host: string): string {
  const { name, args } = call
  if (/^Host(SNI)?(Regexp)?$/.test(name)) {
    return String(compileRule({ kind: 'call', call })(plainRequest(host, '/')))
  }
  // every path begins with it
  if (name === 'PathPrefix' && args.includes('/')) return 'true'
  return `${name}(${args.map((one) => JSON.stringify(one)).join(', ')})`
}
