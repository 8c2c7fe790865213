import type { Declaration, DeclaredPort, Dialect, DialectSettings, Facts } from './dialect.ts'
import { portolanDialect } from './portolan.ts'

/** In order of precedence: what an earlier one says holds. */
const dialects: readonly Dialect[] = [portolanDialect]

/** What all dialects together say of a container. */
export function merged(facts: Facts, settings: DialectSettings): Declaration {
  return dialects.map((dialect) => dialect(facts, settings)).reduce(over)
}

function over(first: Declaration, second: Declaration): Declaration {
  return {
    enabled: first.enabled ?? second.enabled,
    network: first.network ?? second.network,
    named: [...new Set([...first.named, ...second.named])],
    ports: [...first.ports, ...second.ports],
    routes: [...first.routes, ...second.routes],
    middlewares: { ...second.middlewares, ...first.middlewares },
    problems: [...first.problems, ...second.problems],
  }
}

/** All that is said of one port: its own word before that for all ports, an earlier dialect's before a later one's. */
export function saidOf(
  { ports }: Declaration,
  port: number,
  transport: 'tcp' | 'udp',
): Omit<DeclaredPort, 'port' | 'transport'> {
  const fitting = ports.filter(
    (one) => (one.port ?? port) === port && (one.transport ?? transport) === transport,
  )
  const exact = (one: DeclaredPort) =>
    Number(one.port !== undefined) + Number(one.transport !== undefined)
  const weakestFirst = fitting.toReversed().toSorted((a, b) => exact(a) - exact(b))
  return weakestFirst.reduce(joined, {})
}

function joined(
  weak: Omit<DeclaredPort, 'port'>,
  strong: DeclaredPort,
): Omit<DeclaredPort, 'port'> {
  return {
    ...weak,
    ...strong,
    tags: [...new Set([...(weak.tags ?? []), ...(strong.tags ?? [])])],
    attributes: { ...weak.attributes, ...strong.attributes },
    policy: { ...weak.policy, ...strong.policy },
  }
}
