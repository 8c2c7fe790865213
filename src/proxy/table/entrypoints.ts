import type { Problem } from '../../core/problems.ts'
import type { EntrypointKind } from '../listener.ts'
import type { Claim } from './claims.ts'
import { isFallback } from './fallbacks.ts'
import type { Own } from './own.ts'
import type { RuleReader } from './rules.ts'

/** Routes among `claims` that stand on none of the entrypoints that are open here for their kind. */
export function closedEntrypoints(
  claims: readonly Claim[],
  { listeners, waiting }: Own,
  readRule: RuleReader,
): Problem[] {
  if (listeners.length + waiting.length === 0) return []
  const open = new Map(listeners.map(({ entrypoint, kind = 'http' }) => [entrypoint, kind]))
  const real = claims.filter((one) => !isFallback(one))
  const groups = Map.groupBy(
    real,
    ({ where, route }) => `${where} ${route.kind} ${route.name} ${route.rule}`,
  )
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    const isServed = ({ entrypoint, route }: Claim) => speaks(open.get(entrypoint), route, readRule)
    if (!first || group.some(isServed)) return []
    const names = group.map(({ entrypoint }) => entrypoint)
    const other = names.find((name) => open.has(name))
    return other === undefined
      ? closed(first, names, [...open.keys()], waiting)
      : foreign(first, other, open.get(other))
  })
}

/** HTTP over TLS is HTTP; and what asks for names of TLS may stand beside it. */
function speaks(
  entrypoint: EntrypointKind | undefined,
  { kind, tls, rule: text }: Claim['route'],
  readRule: RuleReader,
): boolean {
  if (entrypoint !== 'https' || kind === 'http')
    return entrypoint === kind || entrypoint === 'https'
  const rule = readRule(text.trim())
  return tls !== null || (rule.ok && rule.asksOfTls)
}

function closed(
  { where, route }: Claim,
  names: readonly string[],
  open: readonly string[],
  waiting: readonly string[],
) {
  const [name = ''] = names
  const awaited = names.find((one) => waiting.includes(one))
  if (awaited !== undefined) return uncertified(where, route.name, awaited)
  const tcp = route.kind === 'tcp' ? `--tcp ${name}=${usualPort(name)}` : undefined
  // of HTTP there are no others
  const setting =
    tcp ?? ['http', 'https'].filter((one) => names.includes(one)).map((one) => `--${one}`)[0]
  return {
    severity: 'warning' as const,
    where,
    what: `entrypoint ${names.join(', ')} of route ${route.name} is not open here`,
    why: `open are ${open.join(', ')}`,
    remedy: setting ? `open it with ${setting}, or name one of those` : 'name http or https',
  }
}

function uncertified(where: string, route: string, entrypoint: string) {
  return {
    severity: 'warning' as const,
    where,
    what: `entrypoint ${entrypoint} of route ${route} is not open yet`,
    why: 'it opens with the first certificate, and there is none',
    remedy: 'put one into the folder that --certs names',
  }
}

/** It is open, and something else is spoken there. */
function foreign({ where, route }: Claim, name: string, kind: EntrypointKind = 'http') {
  const isTcp = route.kind === 'tcp'
  const beside = kind === 'https' ? 'say for which names it is: portolan.sni=NAME; or ' : ''
  return {
    severity: 'error' as const,
    where,
    what: `route ${route.name} is for ${route.kind.toUpperCase()}, entrypoint ${name} for ${kind.toUpperCase()}`,
    why:
      kind === 'https'
        ? 'beside HTTPS only connections of TLS can be told apart, so that this one gets nothing'
        : 'such an entrypoint has routes of one kind, so that this one gets nothing',
    remedy: isTcp
      ? `${beside}give it an entrypoint of its own: portolan.tcp=NAME here, and --tcp NAME=:PORT`
      : 'name an entrypoint of HTTP',
  }
}

const usualPorts: Readonly<Record<string, number>> = {
  postgres: 5432,
  postgresql: 5432,
  mysql: 3306,
  mariadb: 3306,
  redis: 6379,
  mongo: 27_017,
  mongodb: 27_017,
  amqp: 5672,
  rabbitmq: 5672,
  mqtt: 1883,
}

function usualPort(name: string): string {
  return `:${usualPorts[name] ?? 'PORT'}`
}
