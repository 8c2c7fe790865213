import type { Declaration, Dialect, DialectSettings, Facts } from './dialect.ts'
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
    service: first.service ?? second.service,
    network: first.network ?? second.network,
    weight: first.weight ?? second.weight,
    scheme: first.scheme ?? second.scheme,
    ports: [...new Set([...first.ports, ...second.ports])],
    routes: [...first.routes, ...second.routes],
    policy: {
      ...second.policy,
      ...first.policy,
      middlewares: { ...second.policy.middlewares, ...first.policy.middlewares },
    },
    tags: [...new Set([...first.tags, ...second.tags])],
    attributes: { ...second.attributes, ...first.attributes },
    problems: [...first.problems, ...second.problems],
  }
}
