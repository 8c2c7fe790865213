import type { Problem } from '../core/problems.ts'
import type { Claim } from './claims.ts'
import { isFallback } from './fallbacks.ts'
import type { EntrypointKind } from './listener.ts'
import type { Own } from './own.ts'

/** Routes among `claims` that stand on none of the entrypoints that are open here for their kind. */
export function closedEntrypoints(claims: readonly Claim[], { listeners }: Own): Problem[] {
  if (listeners.length === 0) return []
  const open = new Map(listeners.map(({ entrypoint, kind = 'http' }) => [entrypoint, kind]))
  const real = claims.filter((one) => !isFallback(one))
  const groups = Map.groupBy(
    real,
    ({ where, route }) => `${where} ${route.kind} ${route.name} ${route.rule}`,
  )
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (!first || group.some(({ entrypoint, route }) => speaks(open.get(entrypoint), route.kind))) {
      return []
    }
    const names = group.map(({ entrypoint }) => entrypoint)
    const other = names.find((name) => open.has(name))
    return other === undefined
      ? closed(first, names, [...open.keys()])
      : foreign(first, other, open.get(other))
  })
}

/** HTTP over TLS is HTTP. */
function speaks(entrypoint: EntrypointKind | undefined, kind: Claim['route']['kind']): boolean {
  return entrypoint === kind || (entrypoint === 'https' && kind === 'http')
}

function closed({ where, route }: Claim, names: readonly string[], open: readonly string[]) {
  const [name = ''] = names
  const setting = route.kind === 'tcp' ? `--tcp ${name}=${usualPort(name)}` : `--${name}`
  return {
    severity: 'warning' as const,
    where,
    what: `entrypoint ${names.join(', ')} of route ${route.name} is not open here`,
    why: `open are ${open.join(', ')}`,
    remedy: `open it with ${setting}, or name one of those`,
  }
}

/** It is open, and something else is spoken there. */
function foreign({ where, route }: Claim, name: string, kind: EntrypointKind = 'http') {
  const isTcp = route.kind === 'tcp'
  return {
    severity: 'error' as const,
    where,
    what: `route ${route.name} is for ${route.kind.toUpperCase()}, entrypoint ${name} for ${kind.toUpperCase()}`,
    why: 'one entrypoint has routes of one kind, so that this one gets nothing',
    remedy: isTcp
      ? 'give it an entrypoint of its own: portolan.tcp=NAME here, and --tcp NAME=:PORT'
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
